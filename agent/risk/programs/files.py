# ruff: noqa: E501 - tables read better unbroken
"""Options that name files: which ones a program writes, shows, or loads as code."""

from __future__ import annotations

from typing import NamedTuple

from agent.risk.arguments import wordlist


class FileOptions(NamedTuple):
    """What the options of one program do with the files they name.

    Attributes:
        writes: the file is created or replaced.
        reads: the file's content is shown, sent or stored.
        at: the value may be `@FILE`, and the content of that file is shown or sent.
        code: the file is run, or holds settings that name what is run.
        last: with at least this many operands the last one is written; 0 when it never is.
        letters: short options with a value, so that clusters can be taken apart (`-sDfile`); empty
            for programs whose options of several letters begin with one dash.
        others: long options with a value that are neither; none of them is an abbreviation.
        leads: a command follows the options, and everything behind its name is its own.
        wanted: all of `writes`, `reads`, `at` and `code`.
    """

    writes: frozenset[str] = frozenset()
    reads: frozenset[str] = frozenset()
    at: frozenset[str] = frozenset()
    code: frozenset[str] = frozenset()
    last: int = 0
    letters: str = ""
    others: frozenset[str] = frozenset()
    leads: bool = False
    wanted: frozenset[str] = frozenset()


FILE_OPTIONS: dict[str, FileOptions] = {}
"""Program name → what its options do with files."""


def _words(text: str) -> frozenset[str]:
    return frozenset(wordlist(text))


def _of(
    names: str,
    *,
    writes: str = "",
    reads: str = "",
    at: str = "",
    code: str = "",
    last: int = 0,
    letters: str = "",
    others: str = "",
    leads: bool = False,
) -> None:
    entry = FileOptions(
        _words(writes),
        _words(reads),
        _words(at),
        _words(code),
        last,
        letters,
        _words(others),
        leads,
        _words(f"{writes} {reads} {at} {code}"),
    )
    FILE_OPTIONS.update(dict.fromkeys(names.split(), entry))


# Sources: the manual page of each program, section OPTIONS.
_of(
    "curl",
    writes="-D --dump-header -c --cookie-jar --trace --trace-ascii --stderr --libcurl --hsts --alt-svc --etag-save --ssl-sessions",
    reads="--etag-compare --netrc-file -b --cookie",
    at="-w --write-out --variable --url-query --url",
    letters="XHdFouAebcTxmwKErCYyzDPQt",
    others="--request --header --data --data-raw --output --user --proxy --cert --key --form --config --retry --resolve --range",
)
_of(
    "wget wget2",
    writes="-o --output-file -a --append-output --save-cookies --hsts-file --warc-file --rejected-log",
    reads="-i --input-file --load-cookies",
    letters="OoPaieUTtwQDARlIXB",
    others="--output-document --output --input --save --load",
)
_of("time", writes="-o --output", letters="of", leads=True)
_of(
    "valgrind",
    writes="--log-file --xml-file --xtree-memory-file --callgrind-out-file --cachegrind-out-file --massif-out-file --dhat-out-file",
    leads=True,
)
_of("heaptrack", writes="-o --output", leads=True)
_of("perf", writes="-o --output --log-fd", letters="oecFpt")
_of(
    "hyperfine",
    writes="--export-json --export-csv --export-markdown --export-asciidoc --export-orgmode --output",
)
_of("rr", writes="-o --output-trace-dir", leads=True)
_of("xvfb-run", writes="-e --error-file -f --auth-file", letters="efnpsw", leads=True)
_of("watchexec", reads="--ignore-file --filter-file", leads=True)
_of(
    "gcc g++ cc c++ clang clang++ gfortran",
    writes="-o -MF -MJ -aux-info --serialize-diagnostics -serialize-diagnostics",
    reads="-include -imacros",
)
_of("ld as ar strip objcopy", writes="-o --output -Map --Map")
_of("rustc ghc nasm yasm flex bison javac swiftc protoc dmd", writes="-o --output")
_of("ffmpeg", writes="-progress -report -passlogfile -vstats_file", last=1)
_of("convert magick composite montage gm", last=2)
_of("sox", last=2)
_of("ps2pdf wkhtmltopdf wkhtmltoimage img2pdf cairosvg", last=2, writes="-o --output")
_of("pdftotext pdftohtml pdftoppm pdfseparate pdfunite pdftops", last=2)
_of(
    "cwebp dwebp pngquant optipng rsvg-convert inkscape gifsicle",
    writes="-o --output --export-filename --out -out",
)
_of("qpdf", last=2)
_of("gs", writes="-o -sOutputFile --output-file")
_of("dot neato circo fdp sfdp twopi", writes="-o")
_of("xmllint", writes="-o --output")
_of("xsltproc", writes="-o --output", code="--stylesheet")
_of("tidy", writes="-o -output --output-file -f -file -m", reads="-config")
_of("uconv sdiff tree", writes="-o --output", letters="oLPIf")
_of(
    "pandoc",
    writes="-o --output --log --extract-media",
    code="-L --lua-filter -F --filter",
    letters="ofrtFLHBAVMD",
)
_of("nmap masscan", writes="-oN -oX -oG -oA -oS -oJ", reads="-iL --excludefile")
_of("tcpdump", writes="-w", letters="wricCGsWBFMTyEzZj")
_of("tshark dumpcap", writes="-w")
_of("script", writes="-I --log-in -O --log-out -B --log-io -T --log-timing", letters="cIOBTEmo")
_of("ab", writes="-e -g", reads="-p -u")
_of("ping", reads="--file")
_of("date", reads="-f --file", letters="dfIrs")
_of("file", reads="-f --files-from -m --magic-file", letters="efFmP")
_of("wc du", reads="--files0-from -X --exclude-from", letters="BdtX", others="--exclude")
_of("sort", reads="--files0-from --random-source", letters="kotST")
_of("shuf", reads="--random-source", letters="inoe")
_of(
    "grep egrep fgrep zgrep ugrep",
    reads="-f --file --exclude-from",
    letters="ABCDdefm",
    others="--exclude --include --exclude-dir",
)
_of("rg", reads="-f --file --ignore-file", letters="ABCdefgjMmrtTE")
_of("ag ack", reads="-p --path-to-ignore --ackrc --files-from")
_of("jq yq gojq jaq", reads="--slurpfile --rawfile -f --from-file --argfile")
_of(
    "diff", reads="--from-file --to-file -X --exclude-from", letters="CUIxXSFWL", others="--exclude"
)
_of("dig host nslookup", reads="-f -k")
_of("xargs", reads="-a --arg-file", letters="aEIiLlnPsd", leads=True)
_of(
    "parallel",
    reads="-a --arg-file --colsep-file",
    writes="--joblog --results",
    letters="ajnNIS",
    leads=True,
)
_of(
    "tar gtar",
    reads="-T --files-from -X --exclude-from",
    writes="--index-file -g --listed-incremental",
    letters="CTXfgbHVKNI",
    others="--exclude",
)
_of(
    "rsync",
    reads="--files-from --exclude-from --include-from",
    writes="--log-file --write-batch --only-write-batch",
    letters="efTBM",
    others="--exclude --include --files",
)
_of(
    "psql ysqlsh vsql nzsql",
    writes="-o --output -L --log-file",
    reads="-f --file",
    letters="cdfvFLoPRThpU",
)
_of("mysql mariadb", writes="--tee")
_of("pg_dump pg_dumpall pg_restore", writes="-f --file", letters="fFjEnNtTZdhpUlI")
_of("mysqldump mariadb-dump", writes="-r --result-file -T --tab --log-error")
_of("mongodump", writes="-o --out --archive")
_of("age rage", writes="-o --output")
_of("ssh", writes="-E", letters="BbcDEeFIiJLlmOoPpQRSWw", leads=True)
_of(
    "go",
    writes="-coverprofile -cpuprofile -memprofile -blockprofile -mutexprofile -trace -outputdir"
    " --coverprofile --cpuprofile --memprofile --blockprofile --mutexprofile --trace --outputdir",
)
_of(
    "node",
    writes="--redirect-warnings --report-directory --report-filename --diagnostic-dir --tls-keylog",
    letters="erpC",
    leads=True,
)
_of("cargo", writes="--artifact-dir --target-dir")
_of("cmake", writes="--graphviz --profiling-output --trace-redirect")
_of("docker podman", writes="--iidfile --cidfile --metadata-file")
_of("mvn mvnw", writes="-l --log-file")
_of("redis-cli valkey-cli keydb-cli", writes="--rdb --functions-rdb")
_of("pip pip3", writes="--log --report -d --dest", letters="drceibwt")
_of("aspell hunspell", writes="-p --personal", reads="--dict")
_of("base64 base32 xxd od hexdump strings", reads="--input -f", letters="fwntsNjAe")
_of("openssl", writes="-out -keyout -signature_out")
_of("pytest py.test", writes="--junitxml --junit-xml --log-file --report-log")
_of("coverage", writes="-o --data-file", code="--rcfile")
_of(
    "eslint eslint_d",
    writes="-o --output-file --cache-location --cache-file",
    code="-c --config --rulesdir --parser --plugin --resolve-plugins-relative-to -f --format",
    letters="cfo",
)
_of("pylint", writes="--output", code="--load-plugins --rcfile --plugins")
_of("flake8", writes="--output-file", code="--config --append-config")
_of(
    "mypy dmypy",
    writes="--junit-xml --html-report --txt-report --xml-report --any-exprs-report",
    code="--config-file",
)
_of("prettier", code="--config --plugin --plugin-search-dir")
_of(
    "stylelint",
    writes="-o --output-file",
    code="-c --config --custom-syntax -f --custom-formatter --config-basedir",
    letters="cfo",
)
_of(
    "rubocop standard haml-lint",
    writes="-o --out",
    code="-r --require -c --config -f",
    letters="rcfo",
)
_of("commitlint", code="-g --config -x --extends -o --format -p --parser-preset", letters="gxop")
_of(
    "markdownlint markdownlint-cli2",
    writes="-o --output",
    code="-c --config -r --rules",
    letters="coriR",
)
_of("semgrep", writes="-o --output")
_of("ansible-lint", code="-r --rules-dir -R -c --config-file", letters="rcR")
_of(
    "knip depcheck madge",
    code="-c --config --preprocessor --reporter --specials --parsers",
    letters="c",
)
_of(
    "tsc",
    writes="--outFile --declarationDir --outDir --tsBuildInfoFile --generateTrace --generateCpuProfile",
)
_of("golangci-lint", writes="--out")
_of("luacheck", code="--config")
_of("jest vitest mocha ava tap webpack rollup vite esbuild tsup", writes="--outputFile --outfile")

COMPILERS = frozenset(
    wordlist(
        "gcc g++ cc c++ clang clang++ gfortran ld as ar strip rustc ghc nasm yasm javac swiftc dmd"
    )
)
"""Programs that write what they make of the project's code."""

SETTINGS: dict[str, tuple[str, ...]] = {
    "mypy": ("mypy.ini", ".mypy.ini", "pyproject.toml", "setup.cfg"),
    "dmypy": ("mypy.ini", ".mypy.ini", "pyproject.toml", "setup.cfg"),
    "pylint": ("pylintrc", ".pylintrc", "pylintrc.toml", "pyproject.toml", "setup.cfg"),
    "flake8": (".flake8", "setup.cfg", "tox.ini"),
    "eslint": (
        *(f"eslint.config.{ending}" for ending in ("js", "mjs", "cjs", "ts", "mts")),
        *(f".eslintrc{ending}" for ending in ("", ".js", ".cjs", ".json", ".yml", ".yaml")),
    ),
    "prettier": (
        *(f"prettier.config.{ending}" for ending in ("js", "mjs", "cjs", "ts")),
        *(
            f".prettierrc{ending}"
            for ending in ("", ".js", ".cjs", ".mjs", ".json", ".yml", ".yaml")
        ),
    ),
    "stylelint": (
        *(f"stylelint.config.{ending}" for ending in ("js", "mjs", "cjs")),
        *(f".stylelintrc{ending}" for ending in ("", ".js", ".cjs", ".json", ".yml", ".yaml")),
    ),
    "rubocop": (".rubocop.yml",),
    "commitlint": tuple(f"commitlint.config.{ending}" for ending in ("js", "mjs", "cjs", "ts")),
}
"""Program → files of the working directory that it takes settings, and with them code, from."""
