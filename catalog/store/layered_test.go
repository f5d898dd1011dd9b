package store

import (
	"maps"
	"math/rand/v2"
	"testing"
)

// TestLayered holds a map and its copies against plain maps, from a seed.
func TestLayered(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 1))
		type pair struct {
			ours  layered[int, int]
			plain map[int]int
		}
		versions := []pair{{plain: map[int]int{}}}
		for step := range 3000 {
			last := versions[len(versions)-1]
			p := pair{last.ours.clone(), maps.Clone(last.plain)}
			for range r.IntN(8) {
				k := r.IntN(500)
				if r.IntN(3) == 0 {
					p.ours.remove(k)
					delete(p.plain, k)
				} else {
					p.ours.set(k, step)
					p.plain[k] = step
				}
			}
			if versions = append(versions, p); len(versions) > 5 {
				versions = versions[1:]
			}
			if step%97 != 0 {
				continue
			}
			for _, v := range versions { // older copies have stayed as they were
				got := maps.Collect(v.ours.all())
				if !maps.Equal(got, v.plain) {
					t.Fatalf("seed %d, step %d: %v, want %v", seed, step, got, v.plain)
				}
				if v.ours.empty() != (len(v.plain) == 0) {
					t.Fatalf("seed %d, step %d: empty is %v", seed, step, v.ours.empty())
				}
				for k := range 500 {
					value, ok := v.ours.get(k)
					want, there := v.plain[k]
					if ok != there || ok && value != want {
						t.Fatalf("seed %d, step %d: key %d is %d %v, want %d %v", seed, step, k, value, ok, want, there)
					}
				}
			}
		}
	}
}
