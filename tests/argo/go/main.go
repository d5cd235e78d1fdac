// Asks Argo Rollouts itself: each command reads questions as JSON from its input, and prints Argo's answers as JSON.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/sirupsen/logrus"
)

var commands = map[string]func([]byte) any{
	"conditions": conditions,
	"paths":      paths,
	"ratios":     ratios,
	"rollouts":   rollouts,
	"routed":     routed,
	"runs":       runs,
	"versions":   versions,
}

func main() {
	logrus.SetOutput(io.Discard)
	command, known := commands[os.Args[len(os.Args)-1]]
	if !known {
		fmt.Fprintln(os.Stderr, "no such command")
		os.Exit(2)
	}
	asked, err := io.ReadAll(os.Stdin)
	if err != nil {
		panic(err)
	}
	if err := json.NewEncoder(os.Stdout).Encode(command(asked)); err != nil {
		panic(err)
	}
}

// read panics where a question is none: the test that asks is wrong then.
func read[T any](asked []byte) []T {
	var all []T
	if err := json.Unmarshal(asked, &all); err != nil {
		panic(err)
	}
	return all
}

func each[T any](asked []byte, answer func(T) any) any {
	all := read[T](asked)
	answers := make([]any, len(all))
	for i, one := range all {
		answers[i] = answer(one)
	}
	return answers
}

// contained is the answer, or "panic" where Argo has none.
func contained(answer func() any) (said any) {
	defer func() {
		if recover() != nil {
			said = map[string]any{"error": "panic"}
		}
	}()
	return answer()
}
