// Verifies a folder of tiles with Go's own implementation of notes and transparency logs:
//
//	foreign FOLDER VERIFIER-KEY OLD-CHECKPOINT
//
// The folder may be an address of HTTP.
// The newest checkpoint's signature, the tree of the old one as its beginning, and every entry.
package main

import (
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const width = 256

type checkpoint struct {
	size int64
	root tlog.Hash
}

type folder string

func read(place string) ([]byte, error) {
	if !strings.HasPrefix(place, "http://") {
		return os.ReadFile(place)
	}
	answer, err := http.Get(place)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", place, answer.Status)
	}
	return io.ReadAll(answer.Body)
}

// path is where C2SP's tlog-tiles has a tile, which is not where Go's sumdb has it.
func (f folder) path(level string, number, hashes int64) string {
	name := fmt.Sprintf("%03d", number%1000)
	for number >= 1000 {
		number /= 1000
		name = fmt.Sprintf("x%03d/%s", number%1000, name)
	}
	if hashes < width {
		name = fmt.Sprintf("%s.p/%d", name, hashes)
	}
	return strings.Join([]string{string(f), "tile", level, name}, "/")
}

func (f folder) bundle(number, entries int64) ([][]byte, error) {
	octets, err := read(f.path("entries", number, entries))
	if err != nil {
		return nil, err
	}
	var found [][]byte
	for len(octets) > 0 {
		length := int(octets[0])<<8 | int(octets[1])
		found = append(found, octets[2:2+length])
		octets = octets[2+length:]
	}
	return found, nil
}

// reader answers Go's stored hashes from our tiles.
func (f folder) reader(size int64) tlog.HashReaderFunc {
	return func(indexes []int64) ([]tlog.Hash, error) {
		var found []tlog.Hash
		for _, index := range indexes {
			level, number := tlog.SplitStoredHashIndex(index)
			row, rest := level/8, level%8
			first := number << rest
			tile := first / width
			hashes := min(size>>(8*row)-tile*width, width)
			octets, err := read(f.path(strconv.Itoa(row), tile, hashes))
			if err != nil {
				return nil, err
			}
			begin := first % width
			var below []tlog.Hash
			for each := begin; each < begin+1<<rest; each++ {
				below = append(below, tlog.Hash(octets[each*32:each*32+32]))
			}
			for len(below) > 1 {
				var above []tlog.Hash
				for each := 0; each < len(below); each += 2 {
					above = append(above, tlog.NodeHash(below[each], below[each+1]))
				}
				below = above
			}
			found = append(found, below[0])
		}
		return found, nil
	}
}

func opened(file string, verifier note.Verifier) (checkpoint, error) {
	octets, err := read(file)
	if err != nil {
		return checkpoint{}, err
	}
	signed, err := note.Open(octets, note.VerifierList(verifier))
	if err != nil {
		return checkpoint{}, err
	}
	lines := strings.Split(signed.Text, "\n")
	size, err := strconv.ParseInt(lines[1], 10, 64)
	if err != nil {
		return checkpoint{}, err
	}
	root, err := base64.StdEncoding.DecodeString(lines[2])
	if err != nil {
		return checkpoint{}, err
	}
	return checkpoint{size, tlog.Hash(root)}, nil
}

func verified(f folder, key, older string) error {
	text, err := os.ReadFile(key)
	if err != nil {
		return err
	}
	verifier, err := note.NewVerifier(strings.Fields(string(text))[0])
	if err != nil {
		return err
	}
	now, err := opened(string(f)+"/checkpoint", verifier)
	if err != nil {
		return err
	}
	old, err := opened(older, verifier)
	if err != nil {
		return err
	}
	reader := f.reader(now.size)
	grew, err := tlog.ProveTree(now.size, old.size, reader)
	if err != nil {
		return err
	}
	if err := tlog.CheckTree(grew, now.size, now.root, old.size, old.root); err != nil {
		return err
	}
	for number := int64(0); number*width < now.size; number++ {
		entries, err := f.bundle(number, min(now.size-number*width, width))
		if err != nil {
			return err
		}
		for place, entry := range entries {
			index := number*width + int64(place)
			proof, err := tlog.ProveRecord(now.size, index, reader)
			if err != nil {
				return err
			}
			err = tlog.CheckRecord(proof, now.size, now.root, index, tlog.RecordHash(entry))
			if err != nil {
				return fmt.Errorf("entry %d: %w", index, err)
			}
		}
	}
	fmt.Printf("verified %d entries, the first %d as before\n", now.size, old.size)
	return nil
}

func main() {
	if err := verified(folder(os.Args[1]), os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
