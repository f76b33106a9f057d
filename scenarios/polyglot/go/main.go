package main

import (
	"context"
	"os"
	"strconv"
	"time"

	"github.com/grafana/pyroscope-go"
)

var (
	sink int
	kept []byte
)

//go:noinline
func work(n int) {
	for i := 0; i < n; i++ {
		sink += i
	}
}

//go:noinline
func fast_function(ctx context.Context) {
	pyroscope.TagWrapper(ctx, pyroscope.Labels("function", "fast"), func(context.Context) { work(20000000) })
}

//go:noinline
func slow_function(ctx context.Context) {
	pyroscope.TagWrapper(ctx, pyroscope.Labels("function", "slow"), func(context.Context) { work(80000000) })
}

func main() {
	address := os.Getenv("PYROSCOPE_SERVER_ADDRESS")
	if address == "" {
		address = "http://localhost:4040"
	}
	seconds := 60
	if len(os.Args) > 1 {
		seconds, _ = strconv.Atoi(os.Args[1])
	}
	profiler, err := pyroscope.Start(pyroscope.Config{
		ApplicationName: "simple.go.app",
		ServerAddress:   address,
		Tags:            map[string]string{"env": "workshop"},
	})
	if err != nil {
		panic(err)
	}
	kept = make([]byte, 16<<20) // for the heap profile
	for end := time.Now().Add(time.Duration(seconds) * time.Second); time.Now().Before(end); {
		fast_function(context.Background())
		slow_function(context.Background())
	}
	profiler.Flush(true) // Stop alone sends no heap profile
	profiler.Stop()
}
