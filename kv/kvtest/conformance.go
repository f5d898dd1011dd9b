package kvtest

import (
	"testing"

	"datapunk/kv"
)

// Conformance runs what every implementation of the door must do. open makes
// an empty store; the suite closes it.
func Conformance(t *testing.T, open func(t *testing.T) kv.DB) {
	for _, c := range []struct {
		name string
		run  func(*fixture)
	}{
		{"CommitIsVisible", commitIsVisible},
		{"CommandsSeeEarlierOnes", commandsSeeEarlierOnes},
		{"SnapshotStands", snapshotStands},
		{"RepeatableRead", repeatableRead},
		{"ScanMerges", scanMerges},
		{"ScanVersionsAndKeysOnly", scanVersions},
		{"LatestAndChanged", latestAndChanged},
		{"Moved", moved},
		{"Savepoints", savepoints},
		{"SavepointLocks", savepointLocks},
		{"RowLockWaits", rowLockWaits},
		{"TakeOverSeesCommit", takeOverSeesCommit},
		{"NoWaitSkipTimeout", noWaitSkipTimeout},
		{"CancelWakes", cancelWakes},
		{"Deadlock", deadlock},
		{"RowStrengths", rowStrengths},
		{"Relations", relations},
		{"UnlockRelation", unlockRelation},
		{"FairQueue", fairQueue},
		{"QueueJumping", queueJumping},
		{"Advisory", advisory},
		{"LockReports", lockReports},
		{"OutwaitHolders", outwaitHolders},
		{"OutwaitSnapshots", outwaitSnapshots},
		{"OutwaitDeadlock", outwaitDeadlock},
		{"Cells", cells},
		{"Storages", storages},
		{"Loads", loads},
		{"LoadDuplicate", loadDuplicate},
		{"ReadOnly", readOnly},
		{"Hooks", hooks},
		{"XIDs", xids},
		{"Vacuum", vacuum},
		{"SplitChangesNothing", split},
		{"RollbackForgets", rollbackForgets},
		{"Async", async},
		{"ConcurrentCounters", counters},
		{"VerifyAndClose", verifyAndClose},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := &fixture{T: t, ctx: t.Context(), db: open(t)}
			c.run(f)
			if !f.closed {
				if err := f.db.Close(); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}
