// The other side of a session, by pion: tells its description as a line of JSON, reads ours, connects, and stays for the tests.
//
//	pion-ice controlling|controlled
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/pion/ice/v2"
)

type description struct {
	Ufrag      string   `json:"ufrag"`
	Password   string   `json:"password"`
	Candidates []string `json:"candidates"`
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	agent, err := ice.NewAgent(&ice.AgentConfig{NetworkTypes: []ice.NetworkType{ice.NetworkTypeUDP4, ice.NetworkTypeUDP6}})
	must(err)
	gathered := make(chan ice.Candidate)
	must(agent.OnCandidate(func(candidate ice.Candidate) { gathered <- candidate }))
	must(agent.GatherCandidates())
	own := description{}
	own.Ufrag, own.Password, err = agent.GetLocalUserCredentials()
	must(err)
	for candidate := <-gathered; candidate != nil; candidate = <-gathered {
		own.Candidates = append(own.Candidates, "candidate:"+candidate.Marshal())
	}
	line, err := json.Marshal(own)
	must(err)
	fmt.Println(string(line))

	text, err := bufio.NewReader(os.Stdin).ReadString('\n')
	must(err)
	theirs := description{}
	must(json.Unmarshal([]byte(text), &theirs))
	for _, line := range theirs.Candidates {
		candidate, err := ice.UnmarshalCandidate(strings.TrimPrefix(line, "candidate:"))
		must(err)
		must(agent.AddRemoteCandidate(candidate))
	}
	limit, done := context.WithTimeout(context.Background(), time.Minute)
	defer done()
	if os.Args[1] == "controlling" {
		_, err = agent.Dial(limit, theirs.Ufrag, theirs.Password)
	} else {
		_, err = agent.Accept(limit, theirs.Ufrag, theirs.Password)
	}
	must(err)
	fmt.Println("connected")
	time.Sleep(15 * time.Second)
	must(agent.Close())
}
