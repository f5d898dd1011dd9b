package budget

import (
	"errors"
	"sync"
	"testing"
)

func TestRefusal(t *testing.T) {
	node := New(10 * step)
	a, b := node.Child().Child(), node.Child().Child()
	x, y := a.Lease(2*step), b.Lease(0)
	if err := x.Set(6*step - 5); err != nil {
		t.Fatal(err)
	}
	if !x.Over(6*step-5) || x.Over(2*step) || y.Over(1<<40) {
		t.Error("a lease does not know its own limit")
	}
	var e *Exceeded
	if err := y.Set(5 * step); !errors.As(err, &e) || e.Wanted != 5*step || e.Used != 6*step || e.Limit != 10*step {
		t.Fatalf("%v", err)
	}
	if node.Used() != 6*step || b.Used() != 0 {
		t.Errorf("a refused reservation left %d and %d bytes", node.Used(), b.Used())
	}
	if err := y.Set(4 * step); err != nil {
		t.Fatal(err)
	}
	x.Close()
	if err := y.Set(10 * step); err != nil {
		t.Fatal(err)
	}
	if x.Peak() != 6*step-5 || node.Used() != 10*step {
		t.Errorf("peak %d, used %d", x.Peak(), node.Used())
	}
	b.Close()
	y.Close()
	if node.Used() != 0 {
		t.Errorf("%d bytes are left after everything was closed", node.Used())
	}
}

// TestTogether is B1 and B2 with many goroutines: the sum is right at the end, and no
// moment passes the limit.
func TestTogether(t *testing.T) {
	node := New(20 * step)
	var wait sync.WaitGroup
	for g := range 8 {
		wait.Add(1)
		go func() {
			defer wait.Done()
			session := node.Child()
			for i := range 2000 {
				statement := session.Child()
				l := statement.Lease(0)
				for n := range int64(5) {
					_ = l.Set(n * step * int64(1+(g+i)%3))
					if used := node.Used(); used > (20+8*12)*step {
						t.Errorf("%d bytes in use", used)
					}
				}
				if i%2 == 0 {
					l.Close()
				}
				statement.Close()
			}
			session.Close()
		}()
	}
	wait.Wait()
	if node.Used() != 0 {
		t.Errorf("%d bytes are left", node.Used())
	}
}
