const config = { iceServers: [
  { urls: process.env.TURN_URL, username: "demo" } ] };
