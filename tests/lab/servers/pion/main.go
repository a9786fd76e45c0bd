// A TURN server made of pion, as most of its users write one: pion itself is a library.
package main

import (
	"flag"
	"log"
	"net"
	"strings"

	"github.com/pion/logging"
	"github.com/pion/turn/v2"
)

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	listen := flag.String("listen", "0.0.0.0:3478", "where clients come, UDP and TCP alike")
	relay := flag.String("relay", "", "the relayed address that clients are told")
	realm := flag.String("realm", "lab.example", "the realm")
	user := flag.String("user", "", "NAME:PASSWORD of the only user")
	secret := flag.String("secret", "", "the shared secret of time-limited user names")
	deny := flag.String("deny", "255.255.255.255/32", "peers that are denied")
	flag.Parse()

	_, denied, err := net.ParseCIDR(*deny)
	check(err)
	permit := func(_ net.Addr, peer net.IP) bool { return !denied.Contains(peer) }
	relays := &turn.RelayAddressGeneratorStatic{RelayAddress: net.ParseIP(*relay), Address: "0.0.0.0"}
	name, password, _ := strings.Cut(*user, ":")
	config := turn.ServerConfig{
		Realm:         *realm,
		LoggerFactory: logging.NewDefaultLoggerFactory(),
		AuthHandler: func(asked, realm string, _ net.Addr) ([]byte, bool) {
			return turn.GenerateAuthKey(asked, realm, password), asked == name
		},
	}
	if *secret != "" {
		config.AuthHandler = turn.NewLongTermAuthHandler(*secret, nil)
	}
	packets, err := net.ListenPacket("udp4", *listen)
	check(err)
	streams, err := net.Listen("tcp4", *listen)
	check(err)
	config.PacketConnConfigs = []turn.PacketConnConfig{{packets, relays, permit}}
	config.ListenerConfigs = []turn.ListenerConfig{{streams, relays, permit}}
	_, err = turn.NewServer(config)
	check(err)
	select {}
}
