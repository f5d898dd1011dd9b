package logical

import (
	"datapunk/catalog/desc"
	"datapunk/types"
)

type (
	// Grant gives or takes privileges on objects.
	Grant struct {
		Revoke     bool
		Class      byte // as in catalog/privilege.Defaults: r relation, s sequence, n schema, d database, f function …
		Objects    []desc.ID
		Privileges desc.Privilege // 0 with All
		All        bool
		// Columns are privileges on single columns of the relations.
		Columns  []ColumnPrivilege
		Grantees []types.OID // 0 is PUBLIC
		Option   bool        // WITH GRANT OPTION; GRANT OPTION FOR
		Cascade  bool
	}

	// ColumnPrivilege is privileges on named columns.
	ColumnPrivilege struct {
		Privileges desc.Privilege // 0: all that columns have
		Names      []string
	}

	// GrantRole makes roles members of others, or ends it.
	GrantRole struct {
		Revoke  bool
		Roles   []types.OID
		Members []types.OID
		Admin   bool // WITH ADMIN OPTION; ADMIN OPTION FOR
	}

	// CreateRole makes a role. Password is as given, plain or a verifier.
	CreateRole struct {
		What     string // ROLE, USER, GROUP: words of the tag
		Role     desc.Role
		Password *string
		In       []types.OID // roles it becomes a member of
		Members  []types.OID
		Admins   []types.OID
	}

	// AlterRole changes a role's attributes: Change sets those that were named.
	AlterRole struct {
		Role     types.OID
		Change   func(*desc.Role)
		Super    bool // touches what superusers alone may: superuser, replication, bypassrls
		Password *string
		NoLogin  bool
		OwnOnly  bool // nothing but the password
	}

	// Configure is ALTER ROLE or DATABASE … SET: a default of a setting.
	Configure struct {
		What     string
		Role     types.OID // 0: every role
		Database types.OID // 0: every database
		Name     string    // "": RESET ALL
		Value    string
		Reset    bool
	}

	// DropRole drops roles.
	DropRole struct {
		Roles   []types.OID
		Missing []string
	}

	// DropOwned drops what roles own in this database and their privileges there.
	DropOwned struct {
		Roles   []types.OID
		Cascade bool
	}

	// ReassignOwned gives what roles own to another.
	ReassignOwned struct {
		Roles []types.OID
		To    types.OID
	}

	// Comment sets or (Text nil) removes a comment.
	Comment struct {
		On   desc.ID
		Text *string
	}

	// CreateDatabase makes a database out of a template.
	CreateDatabase struct {
		Database desc.Database
		Template types.OID
	}

	// AlterDatabase changes a database's attributes.
	AlterDatabase struct {
		Database types.OID
		Change   func(*desc.Database)
	}

	// DropDatabase drops a database; Force ends its sessions.
	DropDatabase struct {
		Database types.OID
		Force    bool
		Missing  string
	}

	// CreateExtension installs an extension; those there are come with the database.
	CreateExtension struct {
		Name        string
		IfNotExists bool
	}
)

// Tag is the command tag.
func (g *Grant) Tag() string {
	if g.Revoke {
		return "REVOKE"
	}
	return "GRANT"
}

// Tag is the command tag.
func (g *GrantRole) Tag() string {
	if g.Revoke {
		return "REVOKE ROLE"
	}
	return "GRANT ROLE"
}

// Tag is the command tag.
func (*CreateRole) Tag() string { return "CREATE ROLE" }

// Tag is the command tag.
func (*AlterRole) Tag() string { return "ALTER ROLE" }

// Tag is the command tag.
func (c *Configure) Tag() string { return "ALTER " + c.What }

// Tag is the command tag.
func (*DropRole) Tag() string { return "DROP ROLE" }

// Tag is the command tag.
func (*DropOwned) Tag() string { return "DROP OWNED" }

// Tag is the command tag.
func (*ReassignOwned) Tag() string { return "REASSIGN OWNED" }

// Tag is the command tag.
func (*Comment) Tag() string { return "COMMENT" }

// Tag is the command tag.
func (*CreateDatabase) Tag() string { return "CREATE DATABASE" }

// Tag is the command tag.
func (*AlterDatabase) Tag() string { return "ALTER DATABASE" }

// Tag is the command tag.
func (*DropDatabase) Tag() string { return "DROP DATABASE" }

// Tag is the command tag.
func (*CreateExtension) Tag() string { return "CREATE EXTENSION" }
