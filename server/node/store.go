package node

import (
	"runtime/debug"

	"datapunk/kv/txn"
	"datapunk/server/config"
)

func stack() []byte { return debug.Stack() }

// storeOptions are the store's part of a node's options.
func storeOptions(o config.Options, fatal func(error)) txn.Options {
	return txn.Options{Dir: o.Data, CacheBytes: o.Cache, OnFatal: fatal}
}
