// Says which instance answers.
package main

import (
	"fmt"
	"log"
	"net/http"
	"os"
	"runtime"
)

func hello(answer http.ResponseWriter, _ *http.Request) {
	name, _ := os.Hostname()
	// Written by .ebextensions/01-hello.config.
	note, _ := os.ReadFile("/etc/hello.txt")
	fmt.Fprintf(answer, "Hello from %s on %s\n%s", runtime.Version(), name, note)
}

func main() {
	http.HandleFunc("/", hello)
	log.Fatal(http.ListenAndServe(":"+os.Getenv("PORT"), nil))
}
