package git

import (
	"context"
	"encoding/base64"
	"net/url"
)

// maxAddress is longer than any address of a repository.
const maxAddress = 8 << 10

// Origin gives the address that the checkout was made from, where it is one of HTTP,
// without the credentials in it, and these as a header; empty for any other.
func (r *Repo) Origin(ctx context.Context) (address, header string, err error) {
	out, err := r.start(ctx, "config", "--local", "--includes", "-z", "--get", "remote.origin.url")
	if err != nil {
		return "", "", err
	}
	found := ""
	if record, more := out.next(); more && len(record) <= maxAddress {
		found = string(record)
	}
	if _, err := out.close(); err != nil && (out.cmd.ProcessState == nil || out.cmd.ProcessState.ExitCode() != 1) {
		return "", "", err // 1 says that there is none
	}
	at, err := url.Parse(found)
	if err != nil || at.Host == "" || at.Scheme != "https" && at.Scheme != "http" {
		return "", "", nil //nolint:nilerr // documented
	}
	if word, ok := at.User.Password(); ok { // a name alone is none
		header = "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(at.User.Username()+":"+word))
	}
	at.User = nil
	return at.String(), header, nil
}
