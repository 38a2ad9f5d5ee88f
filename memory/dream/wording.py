"""What words mean to a dream: which say nothing, which say the same, which exclude each other.

The lists are of everyday and software English. A word that stands in none of them is content of
its own: two memories that differ in such a word are not the same without more reason.
"""

from __future__ import annotations

import re
from functools import lru_cache


def word_set(text: str) -> frozenset[str]:
    """The words of a text, for tables that read well."""
    return frozenset(text.split())


STOP = word_set(
    """
    a an the this that these those it its it's he she they them their his her theirs we us our i
    me my you your is are was were be been being am do does did done has have had having will
    would can could may might shall should must of to in on at by for from with as into onto via
    through and or but so than then there here also too very just please about around roughly
    approximately circa now currently today nowadays anymore already still usually generally
    normally always typically often so-called which who whom whose what where that's there's
    itself themselves over instead rather any anything some something each every all both own
    same such up out since because while project repo repository codebase user user's users' one
    ones thing way place using
    """
)
"""Words that carry no content of their own."""

_LIGHT = word_set(
    """
    use run make get go happen take need want call set do write store listen work put come start
    value name way kind type code file service system app application team people time machine
    thing part step case default place allow size mode theme number follow
    port
    """
)
_CONCEPTS = """
listen listening accept accepts serve bind bound reach reached reachable answers-on
store retain retention keep kept save saved hold held persist live lives locate located reside
store found sit lie
run ran execute executed
start begin launch started begun
need require required requirement necessary mandatory obligatory
want prefer preferred preference like liked wish favour favor love
use utilise utilize employ rely based powered
write written wrote author
generate produce emit
send sent deliver dispatch
delete remove erase purge discard drop dropped
change modify alter edit amend update rewrite rewritten
verify validate check
deploy deployment rollout
error failure fail failed
large big huge
small little tiny
quick fast rapid speedy
repository repo
database db
config configuration configure setting
environment env
documentation doc document
authentication auth authenticate
directory folder dir
pr pull-request merge-request
answer reply response respond
short brief concise terse succinct
kubernetes k8s
postgres postgresql
javascript js
typescript ts
node nodejs node.js
golang go-lang
production prod
staging stage
development dev
primary leader
replica standby secondary follower
format formatted formatter
timeout expire expiry expiration ttl
limit cap capped max maximum restrict
minimum min
take last duration
approve approval approved
image picture
own maintain maintainer owner responsible belong
oncall rota duty
license licence
color colour
behavior behaviour
artifact artefact
night nightly overnight
day daily
week weekly
hour hourly
month monthly
year yearly annual
automatic automatically auto autosave-auto
test testing tested
message msg
function func
parameter param argument arg
variable var
administrator admin
application app
identifier id
credential secret-value
call name named
email mail e-mail
chart graph
laptop notebook
holiday vacation leave
meeting appointment
dark darker
end finish
lint linting linter
build built compile compiled
teach taught
choose chose chosen
show display shown displayed
open opened
merge merged
region zone
host hosted
append append-only append-onli
implement implemented
handle process
collect gather
connect connection
cache cached caching
sign signed signature
measure benchmark
month-end monthend
explain explanation
describe description descriptive
recommend recommendation
split divide chunk
comment remark
frequent frequently
document docs
allow permit permitted allowed
enable activate active enabled
support supported
retry retried retries
ask asked asking
push pushed
work worked
suit suitable
type typing
layout
sync synchronise synchronize
schedule scheduled
suite
spell spelling
""".strip()

_IRREGULAR = {
    "used": "use",
    "ran": "run", "written": "write", "wrote": "write", "kept": "keep", "held": "hold",
    "sent": "send", "built": "build", "taken": "take", "took": "take", "made": "make",
    "done": "do", "found": "find", "lies": "lie", "lay": "lie", "read": "read", "chosen": "choose",
    "spoken": "speak", "indices": "index", "queries": "query", "driven": "drive", "shown": "show",
    "drawn": "draw", "paid": "pay", "bought": "buy", "met": "meet", "led": "lead", "came": "come",
    "went": "go", "gone": "go", "began": "begin", "begun": "begin", "hidden": "hide",
    "analyses": "analysis", "children": "child", "people": "people", "goes": "go", "does": "do",
    "lives": "live", "caches": "cache", "axes": "axis", "bus": "bus", "redis": "redis",
    "kubernetes": "kubernetes", "postgres": "postgres", "this": "this", "alias": "alias",
    "always": "always", "news": "news", "https": "https", "css": "css", "aws": "aws", "dns": "dns",
    "js": "js", "ts": "ts", "utils": "util", "canvas": "canvas", "status": "status",
    "dependencies": "dependency", "nodejs": "node", "frozen": "freeze", "broken": "break",
}  # fmt: skip

_WHOLE = word_set(
    """
    format data chat float flat state date rate private template create
    """
)


def _stem(word: str) -> str:
    """Cut endings off, so that forms of one word are one; what is left need not be a word."""
    word = _IRREGULAR.get(word, word)
    if len(word) <= 3 or word in _WHOLE:
        return word
    if word.endswith("ies") and len(word) > 4:
        word = word[:-3] + "y"
    elif word.endswith(("sses", "xes", "ches", "shes", "zes")):
        word = word[:-2]
    elif word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    if word.endswith("ation") and len(word) > 7:
        word = word[:-5]
    elif word.endswith(("tion", "sion")) and len(word) > 6:
        word = word[:-3]
    elif word.endswith("ing") and len(word) > 5:
        word = _undouble(word[:-3])
    elif word.endswith("ed") and len(word) > 4:
        word = word[:-3] + "y" if word.endswith("ied") else _undouble(word[:-2])
    elif word.endswith("ly") and len(word) > 5:
        word = word[:-2]
    if word.endswith("e") and len(word) > 3:
        word = word[:-1]
    if word.endswith("at") and len(word) > 4 and word not in _WHOLE:
        word = word[:-2]
    return word


def _undouble(word: str) -> str:
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "lsz":
        return word[:-1]
    return word


CONCEPTS: dict[str, str] = {}
for _line in _CONCEPTS.splitlines():
    _head, *_others = _line.split()
    CONCEPTS.setdefault(_stem(_head), _head)
    for _word in _others:
        CONCEPTS.setdefault(_stem(_word), _head)


@lru_cache(maxsize=65536)
def concept(word: str) -> str:
    """The concept of a lower-case word: its group's name, or its stem."""
    stem = _stem(word)
    return CONCEPTS.get(stem, stem)


LIGHT = frozenset(concept(word) for word in _LIGHT)
"""Concepts that count little: what differs is seldom said by them alone."""

PHRASES: tuple[tuple[tuple[str, ...], re.Pattern[str], str], ...] = tuple(
    (tuple(signs.split("|")), re.compile(pattern, re.IGNORECASE), to)
    for signs, pattern, to in (
        (" on",
         r"\b(is|are|be|stays?|stay|turned|switched|was|were|remains?|left"
         r"|kept) on(?=\s*(?:$|[.,;]|in\b|by\b|for\b|at\b|during\b|when\b"
         r"|since\b|now\b))", r"\1 enabled"),
        (" off",
         r"\b(is|are|be|stays?|stay|turned|switched|was|were|remains?|left"
         r"|kept) off\b", r"\1 disabled"),
        ("out",
         r"\btim(?:e|es|ed|ing)[ -]outs?\b", "timeout"),
        ("request",
         r"\b(?:pull|merge)[ -]requests?\b", "pr"),
        ("pr",
         r"\bPRs?\b", "pr"),
        ("half",
         r"\bhalf an hour\b", "30 minutes"),
        ("hour|minute|second|day|week|month|year",
         r"\b(?:an?|one) (hour|minute|second|day|week|month|year)\b", r"1 \1"),
        ("end",
         r"\bend[ -]to[ -]end\b", "e2e"),
        ("command",
         r"\bcommand[ -]line\b", "cli"),
        ("key|shortcut",
         r"\bkey[ -]?bindings?\b|\bkeyboard shortcuts?\b|\bhotkeys?\b", "hotkey"),
        ("keyboard",
         r"\bkeyboard layout\b|\bkeyboard\b", "layout"),
        ("stand",
         r"\bstand[ -]up\b", "standup"),
        ("zone",
         r"\btime[ -]zones?\b", "timezone"),
        ("call",
         r"\bon[ -]call\b", "oncall"),
        ("append",
         r"\bappend[ -]only\b|\bonly (?:ever )?appended\b", "append"),
        ("only",
         r"\bread[ -]only\b", "readonly"),
        ("only",
         r"\bwrite[ -]only\b", "writeonly"),
        ("code",
         r"\bcode[ -]?base\b", "repo"),
        ("auto",
         r"\bautosaves?\b|\bauto[ -]saves?\b", "automatic save"),
        (" up",
         r"\bback(?:ed|ing|s)? up\b", "backup"),
        (" up",
         r"\bset[ -]up\b", "setup"),
        (" in|-in",
         r"\blog(?:ged|s|ging)? ?in\b|\bsign(?:ed|s|ing)?[ -]in\b", "login"),
        ("in",
         r"\bcheck(?:ed|s)?[ -]in\b", "checkin"),
        ("most|up to|more",
         r"\bat most\b|\bup to\b|\bno more than\b|\bnot more than\b", "limit"),
        ("least|no less|no fewer|no older",
         r"\bat least\b|\bno (?:less|fewer|older) than\b", "atleast"),
        ("can",
         r"\bcan(?:no|')t\b", "can not"),
        ("n't|n’t",
         r"n['’]t\b", " not"),
        ("through|via",
         r"\bgoes through\b|\bgo through\b|\bgo via\b|\bgoes via\b", "use"),
        ("under",
         r"\bunder\b(?! \d)", " "),
        ("moved|relocat|switched|migrat|changed|rewritten|ported|convert|upgrad|bumped|downgrad|raised|lowered|increas|reduced|renamed",
         r"(?:\b(?:has|have|had|was|were|got|is"
         r"|are) (?:been )?)?(?:\bnow )?\b(?:moved|relocated|switched|migrated"
         r"|changed|rewritten|ported|converted|upgraded|bumped|downgraded|raised"
         r"|lowered|increased|reduced|renamed) (?:over )?(?:to|onto|in)\b", "is now in"),
        ("longer|more",
         r"\bno longer\b|\bnot any ?more\b", "not"),
        ("well|as of|in use|course|example",
         r"\bas well\b|\bas of\b|\bin use\b|\bof course\b|\bfor example\b", " "),
        ("node.js",
         r"\bnode\.js\b", "node"),
        ("user|is to be",
         r"\bthe user says\b|\baccording to the user\b|\bas the user said\b"
         r"|\bis to be\b", " "),
    )
)  # fmt: skip
"""Phrases of several words: what one of must occur for a look at all, the phrase, its one word."""

NEGATIONS = word_set(
    """
    not no never neither nor without cannot nobody none nothing
    """
)

NEGATED = {
    "disabled": "enable", "inactive": "enable", "deactivated": "enable", "disable": "enable",
    "disables": "enable", "forbidden": "allow", "forbid": "allow", "forbids": "allow",
    "prohibited": "allow", "banned": "allow", "disallowed": "allow", "unsupported": "support",
    "avoid": "", "avoids": "", "avoiding": "", "dislike": "want", "dislikes": "want",
    "hate": "want", "hates": "want", "refuses": "want", "unsigned": "sign", "optional": "need",
    "unneeded": "need", "unnecessary": "need", "unused": "use", "impossible": "possible",
    "uncached": "cache", "unencrypted": "encrypt", "uncompressed": "compress",
}  # fmt: skip
"""Words that deny what another word says; an empty one denies what follows."""

CATEGORIES: dict[str, str] = {}
"""A word's class, of which two members are two different things: concept → class."""

_CATEGORIES = {
    "environment": "production staging development test-environment ci local preview qa sandbox "
    "canary",
    "platform": "linux macos mac windows android ios bsd ubuntu debian alpine fedora web mobile "
    "desktop",
    "weekday": "monday tuesday wednesday thursday friday saturday sunday mondays tuesdays "
    "wednesdays thursdays fridays saturdays sundays",
    "month": "january february march april june july august september october november december",
    "format": "csv json yaml toml xml parquet avro html markdown pdf protobuf msgpack tsv ini xlsx "
    "png jpeg webp svg gzip zstd snappy lz4 brotli",
    "season": "morning afternoon evening noon midnight",
    "size": "large small",
    "period": "hourly daily weekly monthly yearly",
    "tests": "unit integration e2e smoke",
    "region": "us eu asia",
}  # fmt: skip
for _name, _words in _CATEGORIES.items():
    for _word in _words.split():
        CATEGORIES[concept(_word)] = _name

QUALIFIERS = frozenset({"environment", "platform", "tests", "region", "size", "season"})
"""Classes that say where or for what something holds, and so never are the value itself."""

_OPPOSITES = """
read write|import export|input output|upload download|encode decode|client server|source target
primary replica|inbound outbound|incoming outgoing|public private|internal external
frontend backend|sync async|open close|start stop|push pull|request answer|sender receiver
minimum limit|before after|first last|old new|encrypt decrypt|serialize deserialize|raw curated
create delete|store delete|add delete|large small|quick slow|short long|dark light
strict loose|tab space|left right|upper lower|increase decrease|more less|up down|enable disable
accept reject|allow deny|show hide|lock unlock|mount unmount|install uninstall|compress decompress
manual automatic|early late|hot cold|soft hard|ascending descending|morning evening|squash rebase
merge rebase|header footer|master main|light heavy|single double|single multiple|online offline
buy sell|producer consumer|publish subscribe|publisher subscriber|reader writer|parent child
staging production|user admin|admin public|weekday weekend|summer winter|long brief|long short
archive delete|insert delete|primary secondary|cpu gpu|horizontal vertical|row column|full partial
full incremental|eager lazy|static dynamic|local remote|success error|camelcase snakecase
lowercase uppercase|plural singular|active passive|synchronous asynchronous|legacy new|weather traffic
"""  # noqa: E501 - a table

OPPOSITES: dict[str, frozenset[str]] = {}
for _pair in _OPPOSITES.replace("\n", "|").strip("|").split("|"):
    _one, _other = (concept(word) for word in _pair.split())
    OPPOSITES[_one] = OPPOSITES.get(_one, frozenset()) | {_other}
    OPPOSITES[_other] = OPPOSITES.get(_other, frozenset()) | {_one}

_ALTERNATIVES = """
docker podman nerdctl
npm pnpm yarn bun
pip uv poetry pipenv conda pdm
vim nvim neovim emacs nano helix hx vscode code micro kakoune
make just task ninja
pytest unittest nose2
jest vitest mocha jasmine
black yapf autopep8
flake8 pylint ruff
mypy pyright pytype
bash zsh fish nushell nu elvish
tmux screen zellij
eslint biome tslint
webpack vite rollup esbuild parcel
terraform tofu opentofu pulumi
mysql postgres mariadb sqlite mongodb
redis memcached valkey
rabbitmq nats kafka
gradle maven mvn bazel
curl httpie wget xh
grep rg ripgrep ag ack
firefox chrome chromium safari brave
jenkins gitlab circleci travis buildkite
cypress playwright selenium puppeteer
redux zustand mobx jotai recoil
sass less stylus
angular react vue svelte solid
django flask fastapi starlette
express fastify koa hono
heroku render netlify vercel
sentry rollbar bugsnag
jira linear trello asana
slack teams discord mattermost
github gitlab bitbucket gitea forgejo
nginx caddy traefik apache haproxy
ansible chef puppet salt
datadog prometheus newrelic
fd find
ls eza exa lsd
cat bat
nvm fnm volta asdf mise
tabs spaces
rebase merge
criterion divan
colemak qwerty dvorak
mailgun postmark sendgrid mailchimp
cargo-nextest cargo-test
ps procs
top htop btop
pyenv rye hatch
svn hg git
ssh mosh
psql pgcli
"""

ALTERNATIVES: dict[str, frozenset[str]] = {}
"""A tool's name → the others that do the same work: who uses one seldom uses the other as well."""
for _line in _ALTERNATIVES.strip().splitlines():
    _tools = frozenset(concept(tool) for tool in _line.split())
    for _tool in _tools:
        ALTERNATIVES[_tool] = ALTERNATIVES.get(_tool, frozenset()) | (_tools - {_tool})

UNITS = {
    "ms": ("ms", 1.0), "millisecond": ("ms", 1.0), "milliseconds": ("ms", 1.0),
    "s": ("ms", 1e3), "sec": ("ms", 1e3), "secs": ("ms", 1e3), "second": ("ms", 1e3),
    "seconds": ("ms", 1e3), "min": ("ms", 6e4), "mins": ("ms", 6e4), "minute": ("ms", 6e4),
    "minutes": ("ms", 6e4), "h": ("ms", 3.6e6), "hour": ("ms", 3.6e6), "hours": ("ms", 3.6e6),
    "hrs": ("ms", 3.6e6), "day": ("ms", 8.64e7), "days": ("ms", 8.64e7), "week": ("ms", 6.048e8),
    "weeks": ("ms", 6.048e8), "b": ("byte", 1.0), "bytes": ("byte", 1.0), "kb": ("byte", 1e3),
    "mb": ("byte", 1e6), "gb": ("byte", 1e9), "tb": ("byte", 1e12), "kib": ("byte", 1024.0),
    "mib": ("byte", 1048576.0), "gib": ("byte", 1073741824.0), "kilobytes": ("byte", 1e3),
    "megabytes": ("byte", 1e6), "gigabytes": ("byte", 1e9), "%": ("%", 1.0), "percent": ("%", 1.0),
    "months": ("month", 1.0), "month": ("month", 1.0), "years": ("month", 12.0),
    "year": ("month", 12.0),
}  # fmt: skip
"""A unit as written → its dimension's base and how many of it one is."""

NUMBER_WORDS = {
    word: value
    for value, word in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
        ]
    )
} | {"once": 1, "twice": 2, "fifteen": 15, "twenty": 20, "thirty": 30, "sixty": 60, "hundred": 100}
del NUMBER_WORDS["one"]
