// The npm package node-turn as a server: node server.js ADDRESS REALM USER PASSWORD
const Turn = require('node-turn');

const [address, realm, user, password] = process.argv.slice(2);
new Turn({
  listeningIps: [address],
  relayIps: [address],
  authMech: 'long-term',
  credentials: { [user]: password },
  realm,
}).start();
