package node

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"datapunk/executor/op"
	"datapunk/executor/spill"
	"datapunk/internal/budget"
	"datapunk/server/config"
)

// limits gives the engine its memory and its directory of temporary files, which is
// emptied.
func (n *Node) limits(o config.Options) (err error) {
	limit := o.Memory
	if limit == 0 {
		limit = machine() / 2
	}
	n.engine.Memory, n.engine.SpillRows = budget.New(limit), o.SpillRows
	n.engine.Temporary, err = spill.OpenDirectory(filepath.Join(o.Data, "temporary"))
	return err
}

// machine is the bytes of memory there are: the machine's, or fewer if a control group
// says so; 0 if neither tells.
func machine() int64 {
	var all int64
	if text, err := os.ReadFile("/proc/meminfo"); err == nil {
		for _, line := range strings.Split(string(text), "\n") {
			if f := strings.Fields(line); len(f) > 1 && f[0] == "MemTotal:" {
				kb, _ := strconv.ParseInt(f[1], 10, 64)
				all = kb << 10
			}
		}
	}
	for _, path := range []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"} {
		text, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		if n, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64); err == nil && n > 0 && (all == 0 || n < all) {
			all = n
		}
	}
	return all
}

// Temporary is where temporary files lie, and how often they were needed.
func (n *Node) Temporary() *spill.Directory { return n.engine.Temporary }

// Overtaken counts the rows that changed while their locks were awaited.
func (n *Node) Overtaken() *op.Overtaken { return &n.engine.Overtaken }

// Memory is the account of what statements hold.
func (n *Node) Memory() *budget.Account { return n.engine.Memory }
