package system

import (
	"strings"

	"datapunk/sql/builtin/loop"
	"datapunk/sql/function"
	"datapunk/types"
	"datapunk/types/vector"
)

// The pg_stat_get_* functions, by what they return. What nothing counts is 0, or null
// for a time, as in PostgreSQL with the counters off.
const (
	relationCounters = `numscans tuples_returned tuples_fetched tuples_inserted tuples_updated tuples_deleted tuples_hot_updated
		live_tuples dead_tuples mod_since_analyze ins_since_vacuum blocks_fetched blocks_hit vacuum_count autovacuum_count analyze_count
		autoanalyze_count xact_numscans xact_tuples_returned xact_tuples_fetched xact_tuples_inserted xact_tuples_updated
		xact_tuples_deleted xact_tuples_hot_updated xact_blocks_fetched xact_blocks_hit`
	databaseCounters = `db_xact_commit db_xact_rollback db_blocks_fetched db_blocks_hit db_tuples_returned db_tuples_fetched
		db_tuples_inserted db_tuples_updated db_tuples_deleted db_conflict_tablespace db_conflict_lock db_conflict_snapshot
		db_conflict_bufferpin db_conflict_startup_deadlock db_conflict_all db_temp_files db_temp_bytes db_deadlocks db_sessions
		db_sessions_abandoned db_sessions_fatal db_sessions_killed`
	serverCounters = `bgwriter_timed_checkpoints bgwriter_requested_checkpoints bgwriter_buf_written_checkpoints bgwriter_buf_written_clean
		bgwriter_maxwritten_clean buf_written_backend buf_fsync_backend buf_alloc`
	times = `last_vacuum_time last_autovacuum_time last_analyze_time last_autoanalyze_time db_checksum_last_failure db_stat_reset_time
		bgwriter_stat_reset_time snapshot_timestamp`
	floats = `db_blk_read_time db_blk_write_time db_session_time db_active_time db_idle_in_transaction_time checkpoint_write_time checkpoint_sync_time`
)

func statistics(t function.Table) {
	counter := func(name string) function.Impl {
		return function.Row(func(c *function.Call, args []*vector.Vector, i int, out *vector.Vector) error {
			object := types.OID(0)
			if len(args) > 0 {
				object = oid(args[0], i)
			}
			n, _ := c.Env.State.Counter(name, object)
			putNumber(out, i, n)
			return nil
		})
	}
	for _, list := range []string{relationCounters, databaseCounters, serverCounters, floats} {
		for _, name := range strings.Fields(list) {
			t["pg_stat_get_"+name] = counter(name)
		}
	}
	t["pg_stat_get_db_numbackends"] = counter("db_numbackends")
	null := function.Row(func(_ *function.Call, _ []*vector.Vector, i int, out *vector.Vector) error {
		out.SetNull(i)
		return nil
	})
	for _, name := range strings.Fields(times) {
		t["pg_stat_get_"+name] = null
	}
	for _, name := range []string{"function_calls", "function_total_time", "function_self_time", "xact_function_calls", "xact_function_total_time", "xact_function_self_time",
		"db_checksum_failures"} {
		t["pg_stat_get_"+name] = null
	}
	t["pg_stat_have_stats"] = function.Row(func(_ *function.Call, _ []*vector.Vector, i int, out *vector.Vector) error {
		loop.Put(out, i, false)
		return nil
	})
}

// empty are the set-returning functions about what does not exist here: files,
// replication, subscriptions, prepared transactions, TOAST, progress.
const empty = `pg_prepared_xact pg_stat_get_wal_senders pg_stat_get_wal_receiver pg_stat_get_subscription pg_stat_get_progress_info pg_get_replication_slots
	pg_show_replication_origin_status pg_get_publication_tables pg_hba_file_rules pg_ident_file_mappings show_all_file_settings
	pg_get_shmem_allocations pg_get_backend_memory_contexts pg_stat_get_slru pg_stat_get_recovery_prefetch pg_event_trigger_ddl_commands
	pg_event_trigger_dropped_objects pg_get_multixact_members pg_partition_tree pg_partition_ancestors pg_get_wal_resource_managers
	pg_ls_waldir pg_ls_logdir pg_ls_archive_statusdir pg_ls_tmpdir_noargs pg_ls_logicalsnapdir pg_ls_logicalmapdir`

// absent are the functions that are null for the same reason.
const absent = `pg_stat_get_archiver pg_stat_get_wal pg_stat_get_subscription_stats pg_stat_get_replication_slot pg_last_wal_receive_lsn pg_last_wal_replay_lsn
	pg_last_xact_replay_timestamp pg_last_committed_xact pg_xact_commit_timestamp pg_get_partition_constraintdef pg_get_partkeydef pg_partition_root
	pg_get_replica_identity_index pg_get_statisticsobjdef_expressions pg_current_logfile pg_current_logfile_1arg pg_get_ruledef pg_get_ruledef_ext
	pg_get_statisticsobjdef pg_get_statisticsobjdef_columns pg_event_trigger_table_rewrite_oid`

func nothing(t function.Table) {
	for _, key := range strings.Fields(empty) {
		t[key] = function.Impl{Set: func(*function.Call, []*vector.Vector) (function.Rows, error) { return nil, nil }}
	}
	null := function.Row(func(_ *function.Call, _ []*vector.Vector, i int, out *vector.Vector) error {
		out.SetNull(i)
		return nil
	})
	for _, key := range strings.Fields(absent) {
		t[key] = null
	}
	no := function.Row(func(_ *function.Call, _ []*vector.Vector, i int, out *vector.Vector) error {
		loop.Put(out, i, false)
		return nil
	})
	for _, key := range []string{"pg_relation_is_publishable", "pg_is_wal_replay_paused", "pg_replication_origin_session_is_setup"} {
		t[key] = no
	}
}
