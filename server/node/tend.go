package node

import (
	"context"
	"log"
	"time"

	"datapunk/catalog/desc"
)

// tendEvery is how often tables are looked over whose statistics may be stale.
const tendEvery = 10 * time.Second

// tend is autovacuum's part that gathers statistics; what it removes, kv does itself.
func (n *Node) tend(ctx context.Context) {
	defer n.wait.Done()
	tick := time.NewTicker(tendEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		shared, err := n.engine.Catalog.Latest(0)
		if err != nil {
			continue
		}
		for o := range shared.All(desc.ClassDatabase) {
			d := o.(*desc.Database)
			if d.NoConnect || n.engine.Stale(d.OID) == nil {
				continue
			}
			s, err := n.engine.New(shared.Role(desc.Superuser).Name, d.Name, map[string]string{"lock_timeout": "100", "application_name": "statistics"})
			if err != nil {
				continue // dropped, or its limit is reached
			}
			if err := s.Tend(ctx); err != nil && ctx.Err() == nil {
				log.Printf("gathering statistics of database %s: %v", d.Name, err)
			}
			s.Close()
		}
	}
}
