// Package auth says who a client is: passwords and their verifiers, SCRAM-SHA-256
// (RFC 5802, 7677), and the TLS that carries it.
//
// Invariants:
//
//	A1  A password is kept as a verifier only, from which it cannot be had back.
//	A2  A client without such a role, or with a wrong password, learns nothing of which.
package auth

import (
	"encoding/base64"
	"io"
	"regexp"
	"strconv"

	"github.com/xdg-go/scram"
)

// iterations of PBKDF2, as PostgreSQL 15 does.
const iterations = 4096

// ready is the form of a verifier: iterations, salt, stored key, server key.
var ready = regexp.MustCompile(`^SCRAM-SHA-256\$(\d+):([A-Za-z0-9+/=]+)\$([A-Za-z0-9+/=]{44}):([A-Za-z0-9+/=]{44})$`)

// Verifier is what the catalog keeps of a password (pg_authid.rolpassword). A text
// that is a verifier already, as psql's \password sends, is kept as it is. entropy
// gives the salt.
func Verifier(password string, entropy io.Reader) (string, error) {
	if ready.MatchString(password) {
		return password, nil
	}
	salt := make([]byte, 16)
	if _, err := io.ReadFull(entropy, salt); err != nil {
		return "", err
	}
	c, err := stored(password, scram.KeyFactors{Salt: string(salt), Iters: iterations})
	if err != nil {
		return "", err
	}
	b64 := base64.StdEncoding.EncodeToString
	return "SCRAM-SHA-256$" + strconv.Itoa(iterations) + ":" + b64(salt) + "$" + b64(c.StoredKey) + ":" + b64(c.ServerKey), nil
}

// stored computes the keys that are kept of a password.
func stored(password string, factors scram.KeyFactors) (scram.StoredCredentials, error) {
	client, err := scram.SHA256.NewClient("", password, "")
	if err != nil {
		// What SASLprep forbids is hashed as it is, as in PostgreSQL.
		if client, err = scram.SHA256.NewClientUnprepped("", password, ""); err != nil {
			return scram.StoredCredentials{}, err
		}
	}
	return client.GetStoredCredentialsWithError(factors)
}
