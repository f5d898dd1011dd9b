package plan

// Width is about how many bytes a row has; 32 for a column of any length, as PostgreSQL
// guesses.
func Width(cols []Column) int {
	n := 0
	for _, c := range cols {
		if c.T.Len > 0 {
			n += int(c.T.Len)
		} else {
			n += 32
		}
	}
	return n
}
