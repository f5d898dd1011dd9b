package explain

import (
	"fmt"

	"datapunk/internal/budget"
)

// firstBuckets is how many buckets a hash table begins with.
const firstBuckets = 1024

// kb rounds bytes up to kilobytes.
func kb(n int64) int64 { return (n + 1023) / 1024 }

// usage adds what a node's run needed: one line of text, a key for each fact as JSON
// (explain.c: show_sort_info, show_hash_info, show_hashagg_info).
func (n *Node) usage(u budget.Usage) {
	fact := func(name string, value any) { n.Props = append(n.Props, Property{Name: name, Value: value}) }
	line := func(text string) { n.Props = append(n.Props, Property{text: text}) }
	switch u.Kind {
	case budget.Sort:
		space, size := "Memory", kb(u.Memory)
		if u.Disk > 0 {
			space, size = "Disk", kb(u.Disk)
		}
		line(fmt.Sprintf("Sort Method: %s  %s: %dkB", u.Method, space, size))
		fact("Sort Method", u.Method)
		fact("Sort Space Used", size)
		fact("Sort Space Type", space)
	case budget.HashJoin:
		if u.Batches > 1 {
			line(fmt.Sprintf("Buckets: %d (originally %d)  Batches: %d (originally 1)  Memory Usage: %dkB", u.Buckets, firstBuckets, u.Batches, kb(u.Memory)))
		} else {
			line(fmt.Sprintf("Buckets: %d  Batches: 1  Memory Usage: %dkB", u.Buckets, kb(u.Memory)))
		}
		fact("Hash Buckets", u.Buckets)
		fact("Original Hash Buckets", firstBuckets)
		fact("Hash Batches", u.Batches)
		fact("Original Hash Batches", 1)
		fact("Peak Memory Usage", kb(u.Memory))
	case budget.HashGroup:
		text := fmt.Sprintf("Batches: %d  Memory Usage: %dkB", u.Batches, kb(u.Memory))
		if u.Batches > 1 {
			text += fmt.Sprintf("  Disk Usage: %dkB", kb(u.Disk))
		}
		line(text)
		fact("HashAgg Batches", u.Batches)
		fact("Peak Memory Usage", kb(u.Memory))
		fact("Disk Usage", kb(u.Disk))
	}
}
