// Package store keeps things.<|>
package store

import "fmt<|>"

const Limit = 10

var (
	count int
	names []string
)

type Store struct {
	items map[string]int<|>
}

type Reader interface {
	Read(key string) (int, error)
}

type Key = string

func New() *Store {
	<|>
}

func (s *Store) Add(key string) error {
	if key == "" {
		return fmt.Errorf(`no key<|>`)
	}
	go func() {
		s.items[key]++<|>
	}()
	return nil
}
