// Package dashboard sends the results of a run to where people look at those of many:
// webhooks and DefectDojo.
package dashboard

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"strings"
	"time"

	"github.com/boltseal/boltseal/internal/web"
)

// The headers of a webhook.
const (
	// SignatureHeader holds "sha256=" and the HMAC-SHA-256 of the body in hexadecimal.
	SignatureHeader = "X-Boltseal-Signature-256"
	// KeyHeader holds the digest of the body: who gets the same twice has it already.
	KeyHeader = "Idempotency-Key"
)

const (
	// oneMessage is how long a message may take, with all that is tried again.
	oneMessage = 3 * time.Minute
	// stall is how long a server may be silent: importing takes a while.
	stall = 90 * time.Second
	// maxSaid is how much of what a server says is looked at, and thrown away.
	maxSaid = 64 << 10
)

// Sender sends. It follows no redirect to another host, nor one that would make a GET of
// what is sent, and its errors hold no more of an address than the host.
type Sender struct {
	client *http.Client
	agent  string
}

// New makes a sender that says that it is boltseal of a version.
func New(o web.Options, version string) *Sender {
	o.Stall = stall
	return &Sender{client: &http.Client{Transport: o.RoundTripper(o.Transport()), CheckRedirect: redirect}, agent: "boltseal/" + version}
}

func redirect(req *http.Request, via []*http.Request) error {
	if req.Method != via[0].Method {
		return web.Faultf("redirects in a way that loses what is sent")
	}
	return web.SameHost(req, via)
}

// Webhook posts a body, signed where there is a secret.
func (s *Sender) Webhook(ctx context.Context, address, contentType, secret string, body []byte) error {
	sum := sha256.Sum256(body)
	header := http.Header{"Content-Type": {contentType}, KeyHeader: {hex.EncodeToString(sum[:])}}
	if secret != "" {
		mac := hmac.New(sha256.New, []byte(secret))
		mac.Write(body)
		header.Set(SignatureHeader, "sha256="+hex.EncodeToString(mac.Sum(nil)))
	}
	return s.post(ctx, address, header, body)
}

// Import is a report for DefectDojo.
type Import struct {
	// Server is the address before /api/v2.
	Server, Token string
	// Product, Engagement and Test name the test whose findings the report has.
	Product, Engagement, Test string
	// ProductType makes what is missing; empty for an error.
	ProductType string
	// Commit and Branch are what was scanned; each may be empty.
	Commit, Branch string
	SARIF          []byte
}

// DefectDojo imports a report again: what the test holds and the report does not is
// closed there. Doing it twice is as doing it once.
func (s *Sender) DefectDojo(ctx context.Context, in Import) error {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	fields := [][2]string{
		{"scan_type", "SARIF"},
		{"product_name", in.Product},
		{"engagement_name", in.Engagement},
		{"test_title", in.Test},
		{"minimum_severity", "Info"},
		{"close_old_findings", "true"},
		{"commit_hash", in.Commit},
		{"branch_tag", in.Branch},
	}
	if in.ProductType != "" {
		fields = append(fields, [2]string{"product_type_name", in.ProductType}, [2]string{"auto_create_context", "true"})
	}
	for _, f := range fields {
		if f[1] == "" {
			continue
		}
		if err := form.WriteField(f[0], f[1]); err != nil {
			return err
		}
	}
	file, err := form.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {`form-data; name="file"; filename="boltseal.sarif"`}, "Content-Type": {"application/json"},
	})
	if err != nil {
		return err
	}
	if _, err := file.Write(in.SARIF); err != nil {
		return err
	}
	if err := form.Close(); err != nil {
		return err
	}
	header := http.Header{"Content-Type": {form.FormDataContentType()}, "Authorization": {"Token " + in.Token}}
	return s.post(ctx, strings.TrimRight(in.Server, "/")+"/api/v2/reimport-scan/", header, body.Bytes())
}

// post sends a body until somebody takes it.
func (s *Sender) post(ctx context.Context, address string, header http.Header, body []byte) error {
	ctx, cancel := context.WithTimeout(ctx, oneMessage)
	defer cancel()
	u, err := url.Parse(address)
	if err != nil {
		return web.Faultf("the address is none")
	}
	for _, values := range header {
		if strings.ContainsAny(strings.Join(values, ""), "\r\n\x00") {
			return web.Faultf("the token holds a line break")
		}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return web.Faultf("the address is none")
	}
	req.Header = header
	req.Header.Set("User-Agent", s.agent)
	req.Header.Set("Accept", "application/json")
	resp, err := s.client.Do(req)
	if err != nil {
		return web.Told(u.Hostname(), err)
	}
	defer resp.Body.Close() //nolint:errcheck // only read from
	// What it says can repeat the token, and tells nobody more than the status.
	_, _ = io.CopyN(io.Discard, resp.Body, maxSaid)
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return web.Told(u.Hostname(), web.Faultf("answers %d %s", resp.StatusCode, http.StatusText(resp.StatusCode)))
	}
	return nil
}
