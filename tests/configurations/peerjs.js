const peer = new Peer('me', {
  // our own server
  config: {
    iceServers: [
      { urls: 'turn:turn.example.org', username: 'demo', credential: 'demo' },
    ],
  },
});
