package session

import "datapunk/executor/spill"

// space is the memory and the temporary files of a statement that begins.
func (s *Session) space() *spill.Space {
	c := s.current()
	s.files.Limit = c.tempFiles
	return &spill.Space{Memory: s.memory.Child(), WorkMem: c.workMem, HashMem: c.hashMem, Rows: s.engine.SpillRows, Files: &s.files}
}
