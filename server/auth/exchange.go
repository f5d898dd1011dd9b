package auth

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"strconv"

	"github.com/xdg-go/scram"
)

// The SASL mechanisms, PLUS with channel binding.
const (
	Scram     = "SCRAM-SHA-256"
	ScramPlus = "SCRAM-SHA-256-PLUS"
)

// errMechanism answers a client that asks for a mechanism it was not offered.
var errMechanism = errors.New("auth: client selected an invalid SASL authentication mechanism")

// Exchange is one SCRAM conversation: the client's messages in, the server's out.
type Exchange struct {
	server       *scram.Server
	conversation *scram.ServerConversation
	cert         *tls.Certificate
}

// NewExchange begins a conversation with a client that says it is a role with a
// verifier; "" is a role that cannot log in, which it must not learn from the
// conversation: secret (the node's own) makes up a verifier that no password fits. cert
// is that of the connection, or nil.
func NewExchange(user, verifier string, secret []byte, cert *tls.Certificate) (*Exchange, error) {
	credentials := parse(verifier)
	if credentials == nil {
		mock := func(what string) []byte {
			m := hmac.New(sha256.New, secret)
			m.Write([]byte(what + user))
			return m.Sum(nil)
		}
		credentials = &scram.StoredCredentials{KeyFactors: scram.KeyFactors{Salt: string(mock("salt")[:16]), Iters: iterations},
			StoredKey: mock("stored"), ServerKey: mock("server")}
	}
	server, err := scram.SHA256.NewServer(func(string) (scram.StoredCredentials, error) { return *credentials, nil })
	return &Exchange{server: server, cert: cert}, err
}

// parse takes a verifier apart; nil if it is none.
func parse(verifier string) *scram.StoredCredentials {
	m := ready.FindStringSubmatch(verifier)
	if m == nil {
		return nil
	}
	decode := func(s string) []byte {
		b, _ := base64.StdEncoding.DecodeString(s)
		return b
	}
	iters, err := strconv.Atoi(m[1])
	if err != nil {
		return nil
	}
	return &scram.StoredCredentials{KeyFactors: scram.KeyFactors{Salt: string(decode(m[2])), Iters: iters}, StoredKey: decode(m[3]), ServerKey: decode(m[4])}
}

// Fits tells whether a password is the one of a verifier.
func Fits(verifier, password string) bool {
	c := parse(verifier)
	if c == nil {
		return false
	}
	keys, err := stored(password, c.KeyFactors)
	return err == nil && hmac.Equal(keys.StoredKey, c.StoredKey) && hmac.Equal(keys.ServerKey, c.ServerKey)
}

// Mechanisms are what the client may choose from, best first.
func (x *Exchange) Mechanisms() []string {
	if x.cert != nil {
		return []string{ScramPlus, Scram}
	}
	return []string{Scram}
}

// Start takes the client's choice and first message.
func (x *Exchange) Start(mechanism string, message []byte) (answer []byte, err error) {
	switch {
	case mechanism == ScramPlus && x.cert != nil:
		// tls-server-end-point is a hash of the server's certificate, which the client
		// sees as its peer's.
		binding, err := scram.NewTLSServerEndpointBinding(&tls.ConnectionState{PeerCertificates: []*x509.Certificate{x.cert.Leaf}})
		if err != nil {
			return nil, err
		}
		x.conversation = x.server.NewConversationWithChannelBindingRequired(binding)
	case mechanism == Scram:
		x.conversation = x.server.NewConversation()
	default:
		return nil, errMechanism
	}
	return x.step(message)
}

// Next takes the client's next message; done tells that it has proved itself.
func (x *Exchange) Next(message []byte) (answer []byte, done bool, err error) {
	answer, err = x.step(message)
	return answer, err == nil && x.conversation.Valid(), err
}

func (x *Exchange) step(message []byte) ([]byte, error) {
	answer, err := x.conversation.Step(string(message))
	return []byte(answer), err
}
