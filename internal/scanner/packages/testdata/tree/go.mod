module example.com/shop

go 1.22.0

toolchain go1.22.1

require (
	github.com/gorilla/mux v1.8.0
	golang.org/x/net v0.7.0
)

require golang.org/x/text v0.7.0 // indirect

replace github.com/gorilla/mux => ./mux
