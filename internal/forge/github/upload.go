package github

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/boltseal/boltseal/internal/forge/change"
	"github.com/boltseal/boltseal/internal/forge/wire"
	"github.com/boltseal/boltseal/internal/report"
)

const (
	// maxUpload is how large a file may be, compressed
	// (https://docs.github.com/code-security/code-scanning/troubleshooting-sarif-uploads/file-too-large).
	maxUpload = 10 << 20
	// maxPolls is how often we look whether a file has been processed.
	maxPolls = 30
	// everyPoll is how long is waited between.
	everyPoll = 5 * time.Second
)

// sarifUpload is the body of an upload; go-github's lacks validate.
type sarifUpload struct {
	CommitSHA string `json:"commit_sha"`
	Ref       string `json:"ref"`
	SARIF     string `json:"sarif"`
	ToolName  string `json:"tool_name"`
	Validate  bool   `json:"validate"`
}

// upload gives code scanning every part of the run that it may have, and says what
// it may not.
func (p *Publisher) upload(ctx context.Context, run *report.Run) error {
	if p.target.Commit == "" {
		return errors.New("uploading SARIF: " + p.target.Why)
	}
	parts, held := report.SARIFParts(run)
	for _, h := range held {
		p.note("code scanning keeps what it showed before of " + h)
	}
	var errs []error
	for some := range slices.Chunk(parts, report.MaxSARIFRuns) {
		errs = append(errs, p.uploadParts(ctx, run, some))
	}
	return wire.Doing("uploading SARIF", errors.Join(errs...))
}

// uploadParts uploads parts as one file, or as several where one is too large. Of a
// single part that is too large the most severe results are kept.
func (p *Publisher) uploadParts(ctx context.Context, run *report.Run, parts []report.SARIFPart) error {
	packed, err := p.packed(run, parts)
	if err != nil {
		return err
	}
	if len(packed) <= maxUpload {
		err = p.uploadFile(ctx, packed)
		if wire.KindOf(err) != wire.TooLarge {
			for _, part := range parts {
				if part.Cut() > 0 && err == nil {
					p.note(fmt.Sprintf("code scanning has the %d most severe results of %s: %d more are in the report", part.Results(), part.Category(), part.Cut()))
				}
			}
			return err
		}
	}
	if half := len(parts) / 2; half > 0 {
		return errors.Join(p.uploadParts(ctx, run, parts[:half]), p.uploadParts(ctx, run, parts[half:]))
	}
	if n := parts[0].Results(); n > 1 {
		return p.uploadParts(ctx, run, []report.SARIFPart{parts[0].Keep(n / 2)})
	}
	return &wire.Fault{Kind: wire.TooLarge, Message: "a single result of " + parts[0].Category() + " is too large"}
}

func (p *Publisher) packed(run *report.Run, parts []report.SARIFPart) ([]byte, error) {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if err := report.WriteSARIFParts(z, run, parts, p.category, p.hashes, p.report); err != nil {
		return nil, err
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// hashes implements report.LineHasher.
func (p *Publisher) hashes(path string, lines map[int]bool) map[int]string {
	if p.read == nil {
		return nil
	}
	content, err := p.read(path, change.MaxFile)
	if err != nil {
		return nil
	}
	return report.LineHashes(content, lines)
}

// uploadFile uploads a file and waits until it is processed. A file that is
// uploaded twice replaces itself.
func (p *Publisher) uploadFile(ctx context.Context, packed []byte) error {
	address := fmt.Sprintf("repos/%s/%s/code-scanning/sarifs", p.owner, p.repo)
	req, err := p.api.NewRequest(http.MethodPost, address, sarifUpload{
		CommitSHA: p.target.Commit, Ref: p.target.Ref, SARIF: base64.StdEncoding.EncodeToString(packed), ToolName: "boltseal", Validate: true,
	})
	if err != nil {
		return err
	}
	var out struct {
		ID string `json:"id"`
	}
	if _, err := p.api.Do(wire.Repeatable(ctx, true), req, &out); err != nil {
		return err
	}
	if out.ID == "" {
		return &wire.Fault{Kind: wire.Broken, Message: "the answer has no id"}
	}
	return p.processed(ctx, address+"/"+url.PathEscape(out.ID))
}

// processed waits until an upload is processed and reports its errors.
func (p *Publisher) processed(ctx context.Context, address string) error {
	for range maxPolls {
		if err := p.wire.Clock().Sleep(ctx, everyPoll); err != nil {
			return err
		}
		req, err := p.api.NewRequest(http.MethodGet, address, nil)
		if err != nil {
			return err
		}
		var out struct {
			Status string   `json:"processing_status"`
			Errors []string `json:"errors"`
		}
		_, err = p.api.Do(ctx, req, &out)
		switch {
		case wire.KindOf(err) == wire.Missing: // not there yet
		case err != nil:
			return err
		case out.Status == "failed" || len(out.Errors) > 0:
			var errs []error
			for _, e := range out.Errors[:min(len(out.Errors), 5)] {
				errs = append(errs, errors.New(p.wire.Told(e)))
			}
			return fmt.Errorf("code scanning did not take all of it: %w", errors.Join(errs...))
		case out.Status == "complete":
			return nil
		}
	}
	p.note("code scanning has not processed the upload yet: whether it took all of it is not known")
	return nil
}
