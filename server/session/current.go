package session

import (
	"strconv"

	"datapunk/kv"
)

// current are the settings that every statement looks at, read out of the map once for
// each time that any setting changes.
type current struct {
	epoch             int
	statementTimeout  int64 // ms
	lockTimeout       int64
	idleInTransaction int64
	application       string
	conforming        bool // standard_conforming_strings
	serializable      bool
	options           kv.TxnOptions // of a transaction to begin
	workMem, hashMem  int64         // bytes
	tempFiles         int64         // bytes, below 0: no limit
}

func (s *Session) current() *current {
	c := &s.settingsNow
	if c.epoch == s.epoch+1 {
		return c
	}
	*c = current{epoch: s.epoch + 1, statementTimeout: s.integer("statement_timeout"), lockTimeout: s.integer("lock_timeout"),
		idleInTransaction: s.integer("idle_in_transaction_session_timeout"), application: s.get("application_name"),
		conforming: s.get("standard_conforming_strings") == "on",
		workMem:    s.integer("work_mem") << 10, tempFiles: s.integer("temp_file_limit") << 10}
	multiplier, _ := strconv.ParseFloat(s.get("hash_mem_multiplier"), 64)
	c.hashMem = int64(float64(c.workMem) * max(multiplier, 1))
	switch s.get("default_transaction_isolation") {
	case "repeatable read":
		c.options.Isolation = kv.RepeatableRead
	case "serializable":
		c.serializable = true
	default:
		c.options.Isolation = kv.ReadCommitted
	}
	c.options.ReadOnly = s.get("default_transaction_read_only") == "on"
	if s.get("synchronous_commit") == "off" {
		c.options.Durability = kv.Async
	}
	return c
}
