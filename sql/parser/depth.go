package parser

import "datapunk/internal/pgerr"

// maxDepth bounds the nesting of a statement, in levels of the parse tree. A
// level costs the C stack up to 500 bytes in libpg_query's output functions, of
// 8 MB.
const maxDepth = 5000

// checkDepth estimates how deep a text nests without parsing it: open brackets
// and the operators chained within them, since a+b+c leans one level on another.
// What separates list items starts a new chain; AND and OR are flat lists.
func checkDepth(sql string) error {
	depth, chain := 0, 0
	var saved []int
	for i := 0; i < len(sql); {
		c := sql[i]
		switch {
		case c == '\'' || c == '"':
			i = skipQuoted(sql, i)
			continue
		case c == '$':
			i = skipDollar(sql, i)
			continue
		case c == '-' && i+1 < len(sql) && sql[i+1] == '-':
			for i < len(sql) && sql[i] != '\n' {
				i++
			}
			continue
		case c == '/' && i+1 < len(sql) && sql[i+1] == '*':
			i = skipComment(sql, i)
			continue
		case c == '(' || c == '[':
			saved = append(saved, chain)
			depth += chain + 1
			chain = 0
		case c == ')' || c == ']':
			if n := len(saved); n > 0 {
				chain = saved[n-1]
				saved = saved[:n-1]
				depth -= chain + 1
			}
			if c == ']' {
				chain++
			}
		case c == ',' || c == ';':
			chain = 0
		case isOperator(c):
			for i+1 < len(sql) && isOperator(sql[i+1]) {
				i++
			}
			chain++
		case c == ':' || c == '.':
			chain++
			for i+1 < len(sql) && sql[i+1] == c {
				i++
			}
		case isIdentStart(c):
			start := i
			for i < len(sql) && isIdent(sql[i]) {
				i++
			}
			switch word := sql[start:i]; {
			case len(word) > 9:
			case isWord(word, "AND"), isWord(word, "OR"), isWord(word, "WHEN"), isWord(word, "THEN"), isWord(word, "FROM"),
				isWord(word, "WHERE"), isWord(word, "VALUES"):
				chain = 0
			case isWord(word, "CASE"), isWord(word, "NOT"), isWord(word, "ELSE"), isWord(word, "UNION"),
				isWord(word, "EXCEPT"), isWord(word, "INTERSECT"), isWord(word, "JOIN"), isWord(word, "COLLATE"),
				isWord(word, "IS"), isWord(word, "LIKE"), isWord(word, "AT"), isWord(word, "BETWEEN"), isWord(word, "SELECT"):
				chain++
			}
			if depth+chain > maxDepth {
				return tooDeep()
			}
			continue
		}
		if depth+chain > maxDepth {
			return tooDeep()
		}
		i++
	}
	return nil
}

func tooDeep() error {
	return pgerr.New(pgerr.StatementTooComplex, "stack depth limit exceeded").WithHint(
		"Increase the configuration parameter \"max_stack_depth\" (currently 2048kB), after ensuring the platform's stack depth limit is adequate.")
}

func isOperator(c byte) bool {
	switch c {
	case '+', '-', '*', '/', '<', '>', '=', '~', '!', '@', '#', '%', '^', '&', '|', '`', '?':
		return true
	}
	return false
}

func isIdentStart(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' || c == '_' || c >= 0x80 }

func isIdent(c byte) bool { return isIdentStart(c) || c >= '0' && c <= '9' || c == '$' }

// isWord compares without regard to case; word is upper case.
func isWord(text, word string) bool {
	if len(text) != len(word) {
		return false
	}
	for i := range len(text) {
		if text[i]&^0x20 != word[i] {
			return false
		}
	}
	return true
}

// skipQuoted returns the offset behind a quoted string or identifier; in an
// E” string a backslash takes the next character along.
func skipQuoted(sql string, i int) int {
	quote := sql[i]
	escapes := quote == '\'' && i > 0 && sql[i-1]|0x20 == 'e' && (i < 2 || !isIdent(sql[i-2]))
	for i++; i < len(sql); i++ {
		switch {
		case escapes && sql[i] == '\\':
			i++
		case sql[i] == quote:
			if i+1 < len(sql) && sql[i+1] == quote {
				i++
				continue
			}
			return i + 1
		}
	}
	return i
}

// skipDollar returns the offset behind $tag$ … $tag$, or behind a lone $.
func skipDollar(sql string, i int) int {
	end := i + 1
	for end < len(sql) && sql[end] != '$' && isIdent(sql[end]) && !(end == i+1 && sql[end] >= '0' && sql[end] <= '9') {
		end++
	}
	if end >= len(sql) || sql[end] != '$' {
		return i + 1
	}
	tag := sql[i : end+1]
	for k := end + 1; k+len(tag) <= len(sql); k++ {
		if sql[k] == '$' && sql[k:k+len(tag)] == tag {
			return k + len(tag)
		}
	}
	return len(sql)
}

// skipComment returns the offset behind a comment, which nests.
func skipComment(sql string, i int) int {
	level := 0
	for ; i+1 < len(sql); i++ {
		switch {
		case sql[i] == '/' && sql[i+1] == '*':
			level++
			i++
		case sql[i] == '*' && sql[i+1] == '/':
			level--
			i++
			if level == 0 {
				return i + 1
			}
		}
	}
	return len(sql)
}
