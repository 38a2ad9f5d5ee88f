"""Where a path leads and what stands there: judged resolved, against the pane's real directory."""

from __future__ import annotations

import fnmatch
import os
import posixpath
import re
import stat
from enum import Enum
from functools import lru_cache
from typing import NamedTuple

from agent.risk.arguments import wordlist
from agent.risk.shell.syntax import UNKNOWN


class Zone(Enum):
    """What kind of place a path is."""

    NULL = "a harmless device"
    DEVICE = "a device"
    NETWORK = "a network connection"
    SYSTEM = "the system"
    ROOT = "the project or something above it"
    GIT = "the repository's own data"
    REGENERABLE = "something that can be made again"
    TEMPORARY = "a temporary file"
    PROJECT = "the project"
    HOME = "the home directory"
    OUTSIDE = "outside of the project"
    UNKNOWN = "a path that cannot be known"


class Place(NamedTuple):
    """A judged path.

    Attributes:
        path: resolved, absolute unless nothing could be known.
        zone: what kind of place.
        secret: reading it gives away credentials or keys.
        startup: what stands there runs later without being asked for (rc files, hooks, cron, CI).
        own: it belongs to Tungsten or to a tmux server.
        several: a pattern, more than one file may match.
        name: last component.
    """

    path: str
    zone: Zone
    secret: bool = False
    startup: bool = False
    own: bool = False
    several: bool = False
    trace: bool = False

    @property
    def name(self) -> str:
        """Last component."""
        return posixpath.basename(self.path)


class Ground(NamedTuple):
    """Where a path is judged from; all absolute, without a trailing slash."""

    home: str
    project: str
    own: tuple[str, ...] = ()


REGENERABLE_DIRECTORIES = frozenset(
    wordlist(
        """
    build dist node_modules target __pycache__ .venv venv .tox .nox .pytest_cache .mypy_cache
    .ruff_cache .hypothesis .cache coverage htmlcov out bin obj .next .nuxt .turbo .parcel-cache
    .gradle .eggs tmp temp .terraform _build site cmake-build-debug cmake-build-release Debug
    Release .svelte-kit .output .angular .sass-cache .eslintcache .stylelintcache
    storybook-static .nyc_output .dart_tool DerivedData .build zig-cache .zig-cache zig-out
    elm-stuff deps _site public/build .bundle .ipynb_checkpoints .coverage wheels
    pip-wheel-metadata logs log test-results playwright-report bower_components .stack-work
    dist-newstyle .mvn/wrapper
    """
    )
)
_REGENERABLE_NAME = re.compile(
    r"(?:test|build|coverage|tmp|temp|bench)[-_.]?(?:outputs?|results?|reports?|artifacts?|cache|dir|tmp|logs?)"
    r"|cmake-build-[\w-]+|\.?[\w-]*[-_.]?cache|build[-_][\w-]+|bazel-\w+|tmp[-_.]?\w*"
)
_REGENERABLE_ENDINGS = tuple(
    wordlist(
        """
    .pyc .pyo .o .obj .a .so .class .log .tmp .bak .swp .orig .rej .egg-info .out .gcda .gcno
    .tsbuildinfo .cache .pid .coverage ~ .whl .aux .toc .map .dSYM .min.js
    """
    )
)

_KEY_NAME = re.compile(
    r"(?:id_(?:rsa|dsa|ecdsa|ed25519)(?:_\w+)?|[^/]*\.(?:pem|key|p12|pfx|jks|keystore|kdbx"
    r"|ppk|asc|gpg|ovpn)|[^/]*_rsa|\.env(?:\.[\w.-]+)?|\.envrc|[^/]*\.tfvars|\.netrc|_netrc"
    r"|\.pgpass|\.my\.cnf|\.pypirc|\.git-credentials|\.htpasswd|credentials(?:\.json|\.csv|\.toml)?"
    r"|\.?secrets?(?:\.(?:json|ya?ml|toml|env|txt))?|service[-_]account[\w-]*\.json"
    r"|master\.key|authorized_keys|\.vault[-_]pass\w*|\.dockercfg|kubeconfig|\.s3cfg|\.boto"
    r"|application_default_credentials\.json|auth\.json|\.terraformrc|[\w.-]*\.tfstate(?:\.backup)?)$",
    re.I,
)
_NOT_SECRET = re.compile(
    r"\.(?:example|sample|template|dist|tpl|tmpl|defaults?|schema|md|example\.\w+)$|\.pub$"
    r"|(?:^|/)(?:pub|public)[^/]*\.(?:pem|key|asc|gpg)$|\.lock$"
    r"|(?:^|/)[^/]*(?:cert|chain|(?:^|[-_/])ca|crt|bundle)[^/]*\.pem$",
    re.I,
)
_SECRET_HOME = re.compile(
    r"^/(?:\.ssh(?:$|/(?!config$|known_hosts))|\.aws(?:$|/(?!config$))|\.gnupg|\.azure|\.kube(?:$|/)"
    r"|\.config/(?:gcloud|gh(?:$|/hosts)|hub|rclone|op|doctl|heroku|containers/auth|sops|age"
    r"|google-chrome|chromium|BraveSoftware|microsoft-edge|Bitwarden|1Password|Signal|Slack|tungsten"
    r"|github-copilot|stripe|fly|netlify|vercel)"
    r"|\.docker/config|\.netrc|\.pgpass|\.my\.cnf|\.pypirc|\.npmrc|\.git-credentials|\.password-store"
    r"|\.mozilla|\.thunderbird|\.local/share/keyrings|\.vault-token|\.terraform\.d/credentials"
    r"|\.cargo/credentials|\.gem/credentials|\.m2/settings|\.gradle/gradle\.properties|\.composer/auth"
    r"|Library/(?:Keychains|Application Support/(?:Google|Firefox|BraveSoftware))|\.bash_history"
    r"|\.zsh_history|\.python_history|\.psql_history|\.mysql_history|\.electrum|\.bitcoin|\.ethereum"
    r"|\.claude/\.credentials|\.codex/auth|\.s3cfg|\.boto|\.Xauthority|\.ICEauthority|\.gsutil)",
    re.I,
)
_SECRET_SYSTEM = re.compile(
    r"^/etc/(?:shadow|gshadow|sudoers|ssh/ssh_host|ssl/private|krb5\.keytab|security/opasswd"
    r"|master\.passwd|wireguard|NetworkManager/system-connections|kubernetes|letsencrypt|shadow-"
    r"|rancher)"
    r"|^/proc/(?:[^/]+)/(?:environ|mem|maps|fd|root|task)|^/proc/kcore|^/dev/k?mem"
    r"|^/root(?:$|/)|^/var/lib/(?:docker|kubelet|mysql|postgresql)|^/run/secrets|^/var/run/secrets"
    r"|^/var/spool/cron|^/private/etc/(?:master\.passwd|sudoers)|^/run/user/\d+/keyring"
    r"|^/var/db/dslocal|^/boot/.*key"
)
_STARTUP_HOME = re.compile(
    r"^/(?:\.(?:bash|zsh|profile|login|logout|cshrc|tcshrc|kshrc|mkshrc|zprofile|inputrc|xprofile"
    r"|xinitrc|xsession|xsessionrc|Xresources|pam_environment|vimrc|gvimrc|exrc|nanorc|emacs|gdbinit"
    r"|lldbinit|pythonrc|pdbrc|irbrc|pryrc|psqlrc|sqliterc|screenrc|tmux|gitconfig|gitattributes"
    r"|hgrc|npmrc|yarnrc|bunfig|pip|pypirc|condarc|gemrc|curlrc|wgetrc|netrc|ssh|gnupg|aws|kube|docker"
    r"|cargo/config|cargo/bin|m2/settings|gradle/init|oh-my-zsh|bash_it|zshenv|zshrc|zlogin"
    r"|selected_editor|mailcap|forward|procmailrc|lesskey|dir_colors|ackrc|rgrc|envrc|direnvrc"
    r"|asdfrc|tool-versions|rvmrc|nvm|pyenv|rbenv|sdkman|perltidyrc|Rprofile|Renviron|octaverc"
    r"|julia/config|ipython|jupyter|matplotlib|vim/|emacs\.d|claude|codex|cursor|vscode|gemini"
    r"|local/bin|local/share/(?:applications|systemd|dbus)|bin|fzf|docker/config|rhosts|shosts|crontab"
    r"|huskyrc|git-templates|githooks)"
    r"|\.config/(?:systemd|autostart|fish|git|nvim|vim|zsh|bash|tungsten|tmux|pip|npm|nushell|environment\.d"
    r"|upstart|plasma-workspace|i3|sway|hypr|alacritty|kitty|wezterm|ghostty|direnv|mise|starship|starship\.toml"
    r"|powershell|emacs|helix|code|Code|Cursor|gh|matplotlib|yarn|user-dirs|xfce4|lesskey|ripgrep|cron)"
    r"|Library/(?:LaunchAgents|LaunchDaemons)|bin(?:/|$)|Library/Application Support/Code)",
    re.I,
)
_STARTUP_ANYWHERE = re.compile(
    r"(?:^|/)\.git/(?:hooks(?:/|$)|config(?:$|\.)|info/attributes|modules/.*/(?:hooks|config)"
    r"|worktrees/.*/config)"
    r"|(?:^|/)\.(?:husky|githooks)(?:/|$)|(?:^|/)\.github/(?:workflows|actions)(?:/|$)"
    r"|(?:^|/)\.(?:gitlab-ci|travis|drone|woodpecker|cirrus|appveyor)\.ya?ml$|(?:^|/)\.circleci/"
    r"|(?:^|/)Jenkinsfile$|(?:^|/)azure-pipelines\.ya?ml$|(?:^|/)bitbucket-pipelines\.ya?ml$"
    r"|(?:^|/)\.(?:npmrc|yarnrc(?:\.yml)?|pnpmfile\.cjs|envrc|gitmodules|lfsconfig|bashrc|zshrc"
    r"|profile|bash_profile|exrc|vimrc|nvimrc|gdbinit|pdbrc|pre-commit-config\.yaml|condarc|pypirc)$"
    r"|(?:^|/)(?:pip\.conf|sitecustomize\.py|usercustomize\.py|authorized_keys2?)$|\.pth$"
    r"|(?:^|/)\.(?:vscode|idea|devcontainer|claude|cursor|codex|tungsten)/"
    r"|(?:^|/)\.cargo/config(?:\.toml)?$|(?:^|/)\.mvn/(?:jvm|maven)\.config$"
    r"|(?:^|/)site-packages/|(?:^|/)\.(?:buildkite|gitea|forgejo|semaphore|zed|fleet|yarn/(?:plugins|releases))/"
    r"|(?:^|/)\.(?:mcp\.json|lldbinit|dir-locals(?:-2)?\.el|nvim\.lua|Rprofile|Renviron|irbrc|pryrc|ipython|psqlrc)$"
    r"|(?:^|/)(?:cloudbuild|buildspec|appspec|codemagic)\.ya?ml$"
)
_STARTUP_ENDINGS = tuple(
    wordlist(
        """Jenkinsfile pipelines.yml pipelines.yaml pip.conf sitecustomize.py usercustomize.py
        authorized_keys authorized_keys2 .pth
        build.yaml build.yml spec.yml spec.yaml codemagic.yaml"""
    )
)
_NOTABLE_STARTS = frozenset(wordlist("/. /L /l /b /B"))
_STARTUP_SYSTEM = re.compile(r"^/(?:etc|var/spool/cron|usr/lib/systemd|lib/systemd|Library/Launch)")
_OWN = re.compile(
    r"(?:^|/)(?:\.config|\.local/share|\.local/state|\.cache)?/?\.?tungsten(?:/|$)"
    r"|^/tmp/tmux-\d+|^/tmp/tungsten|/tmux-\d+(?:/|$)|\.tmux\.conf(?:\.local)?$|\.config/tmux(?:/|$)"
    r"|/tungsten-\d+|/tmux\.sock$|(?:^|/)\.tmux(?:/|$)"
)
_OWN_IN_PROJECT = re.compile(r"/\.tungsten(?:/|$)")
_TRACE = re.compile(
    r"^/\.(?:bash|zsh|python|psql|mysql|sqlite|node_repl|rediscli|less|ksh|sh|fish)_?(?:history|hist|repl_history|hst)$"
    r"|^/\.(?:lesshst|viminfo|histfile|sqlite_history|irb_history)$|fish_history$|/\.zsh_sessions"
)
_TRACE_SYSTEM = re.compile(
    r"^/var/log(?:/|$)|^/var/(?:run/utmp|adm)|^/private/var/log|^/Library/Logs"
)
_DEVICE = re.compile(
    r"^/dev/(?:sd|hd|vd|xvd|nvme|mmcblk|disk|rdisk|dm-|md\d|loop|mapper|mem|kmem|port|sr\d|nbd|ram|zd"
    r"|fb\d|input|watchdog|block|bus|console|mtd|cpu|kvm|i2c|tty[SU0-9]|nst|st\d|sg\d)"
)
_HARMLESS = re.compile(
    r"^/dev/(?:null$|zero$|u?random$|full$|stdin$|stdout$|stderr$|tty$|fd(?:/\w[\w:]*)?|ptmx|shm(?:/|$))"
)
TEMPORARY = ("/tmp/", "/var/tmp/", "/private/tmp/", "/dev/shm/")  # noqa: S108
"""Directories, with a slash at the end, where what stands is not kept."""

_EXAMPLES_HOME = (
    ".ssh/id_rsa", ".ssh/id_ed25519", ".ssh/authorized_keys", ".ssh", ".aws/credentials", ".aws",
    ".gnupg", ".kube/config", ".netrc", ".pgpass", ".docker/config.json", ".npmrc", ".pypirc",
    ".git-credentials", ".config/gcloud", ".bashrc", ".zshrc", ".profile", ".bash_profile",
    ".gitconfig", ".bash_history", ".config/tungsten/config.toml",
    ".config/tungsten/credentials.json", ".local/share/tungsten/tungsten.db",
    ".local/share/tungsten/credentials.json",
)  # fmt: skip
_EXAMPLES_SYSTEM = ("/etc/shadow", "/etc/passwd", "/etc/sudoers", "/root/.ssh/id_rsa")


_PROCESS = re.compile(r"^/proc/(?:self|thread-self|\$\$|\$PPID|\d+)/(cwd|root)(?=/|$)")
"""Other names of the directory a process is in, and of the root of all."""


def resolve(text: str, cwd: str, home: str) -> str:
    """Make a path absolute and free of `.` and `..`, without looking at the disk."""
    if text.startswith("/proc/"):
        text = _PROCESS.sub(lambda match: cwd if match[1] == "cwd" else "", text, count=1) or "/"
    if text.startswith("~+") and text[2:3] in ("", "/"):
        text = cwd + text[2:]
    if text.startswith("~") and (len(text) == 1 or text[1] == "/"):
        text = home + text[1:]
    if not text.startswith("/"):
        text = f"{cwd}/{text}"
    path = posixpath.normpath(text)
    return path[1:] if path.startswith("//") else path


MAX_PATH = 4_096
"""Characters of the longest path that Linux knows."""


def judge(text: str, cwd: str, ground: Ground) -> Place:
    """Judge a path as a program started in `cwd` would resolve it.

    Args:
        text: dequoted; may hold `UNKNOWN` and glob patterns.
        cwd: absolute, or holding `UNKNOWN` when a `cd` could not be followed.
        ground: home, project and Tungsten's own directories.
    """
    if text.startswith("file://"):
        text = text[7:]
    path = resolve(text, cwd, ground.home)
    if len(path) > MAX_PATH:
        path = path[: path.rfind("/", 0, MAX_PATH) + 1] + UNKNOWN
    unknown_at = path.find(UNKNOWN)
    if unknown_at >= 0:
        return _partly(path, unknown_at, ground)
    several = any(c in path for c in "*?[")
    if several:
        return _pattern(path, ground)
    return _place(path, ground)


def _place(path: str, ground: Ground, *, several: bool = False) -> Place:
    home, project, owned = ground
    in_home = path == home or path.startswith(home + "/")
    below_home = path[len(home) :] if in_home else ""
    zone = _zone(path, ground, in_home=in_home)
    if zone is Zone.NULL:
        return Place(path, zone, several=several, trace=_is_trace(path, below_home))
    in_project = (
        in_home
        and project != ""
        and (path + "/").startswith(project + "/")
        and not below_home.startswith("/.")
    )
    own = False
    if "tungsten" in path or "tmux" in path:
        if in_project:
            own = _OWN_IN_PROJECT.search(path) is not None
        else:
            own = _OWN.search(below_home if in_home else path) is not None
    if owned and not own:
        own = any(
            path == o
            or path.startswith(o + "/")
            or (not in_project and o.startswith(path.rstrip("/") + "/"))
            for o in owned
        )
    dotted = "/." in path
    # Below home, what is notable starts with a dot, with Library or with bin.
    notable_home = below_home[:2] in _NOTABLE_STARTS
    secret = (
        _KEY_NAME.match(path, path.rfind("/") + 1) is not None
        or (notable_home and _SECRET_HOME.match(below_home) is not None)
        or (dotted and "/.cargo/credentials" in path.lower())
    )
    if secret and _NOT_SECRET.search(path):
        secret = False
    if not in_home and not secret:
        secret = _SECRET_SYSTEM.match(path) is not None
    startup = (
        dotted or "/site-packages/" in path or path.endswith(_STARTUP_ENDINGS)
    ) and _STARTUP_ANYWHERE.search(path) is not None
    if not startup:
        if below_home:
            startup = notable_home and _STARTUP_HOME.match(below_home) is not None
        else:
            startup = _STARTUP_SYSTEM.match(path) is not None
    return Place(path, zone, secret, startup, own, several, _is_trace(path, below_home))


def _is_trace(path: str, below_home: str) -> bool:
    if not below_home:
        return _TRACE_SYSTEM.match(path) is not None
    return ("/." in below_home or below_home.endswith("fish_history")) and _TRACE.search(
        below_home
    ) is not None


def _zone(path: str, ground: Ground, *, in_home: bool) -> Zone:
    home, project = ground.home, ground.project
    if path.startswith("/dev/"):
        if path.startswith(("/dev/tcp/", "/dev/udp/")):
            return Zone.NETWORK
        return Zone.NULL if _HARMLESS.match(path) else Zone.DEVICE
    if project and path.startswith(project + "/"):
        inner = path[len(project) + 1 :]
        components = inner.split("/")
        if ".git" in components:
            return Zone.GIT
        if inner.endswith(_REGENERABLE_ENDINGS) or "vendor/bundle/" in inner + "/":
            return Zone.REGENERABLE
        for component in components:
            if _regenerable(component):
                return Zone.REGENERABLE
        return Zone.PROJECT
    if path == "/" or home == path or home.startswith(path + "/"):
        return Zone.ROOT
    if project and (path == project or project.startswith(path + "/")):
        return Zone.ROOT
    # A home may be in there, and what a person keeps at home is not temporary.
    if path.startswith(TEMPORARY) and not in_home:
        return Zone.TEMPORARY
    if in_home:
        inner = path[len(home) + 1 :]
        if inner.startswith((".cache/", ".npm/_", "Library/Caches/", ".cargo/registry/")):
            return Zone.REGENERABLE
        return Zone.HOME
    if path.startswith(("/home/", "/Users/")):
        return Zone.OUTSIDE
    if path.startswith(("/mnt/", "/media/", "/srv/", "/data/", "/Volumes/", "/workspace")):
        return Zone.OUTSIDE
    return Zone.SYSTEM


@lru_cache(maxsize=4096)
def _regenerable(component: str) -> bool:
    return (
        component in REGENERABLE_DIRECTORIES or _REGENERABLE_NAME.fullmatch(component) is not None
    )


def _pattern(path: str, ground: Ground) -> Place:
    """A glob: the place of its fixed part, with everything notable that it could match."""
    first = min(path.find(c) for c in "*?[" if c in path)
    fixed = path[:first]
    parent = path[: path.rfind("/", 0, first)] or "/"
    last = path[path.rfind("/") + 1 :]
    base = _place(path, ground, several=True)
    zone = base.zone
    if (
        parent == "/"
        or (
            parent != ground.project
            and _zone(parent, ground, in_home=parent.startswith(ground.home)) is Zone.ROOT
        )
        or (
            parent == ground.project and last in ("*", "**", "?*", ".*", ".[!.]*", ".??*", "{*,.*}")
        )
    ):
        zone = Zone.ROOT
    elif zone is Zone.PROJECT and _zone(parent, ground, in_home=True) is Zone.REGENERABLE:
        zone = Zone.REGENERABLE
    elif parent in ("/tmp", "/var/tmp") and last in ("*", "?*", ".*", "**"):  # noqa: S108
        zone = Zone.SYSTEM
    secret, startup, own, trace = base.secret, base.startup, base.own, base.trace
    if not secret or not startup:
        for example in _EXAMPLES_HOME:
            full = f"{ground.home}/{example}"
            # `~/*` matches no dot file; only a pattern that names the dot can reach one.
            if (
                full.startswith(fixed)
                and fnmatch.fnmatchcase(full, path)
                and ("/." in path[len(ground.home) :] or not path.startswith(ground.home))
            ):
                place = _place(full, ground)
                secret, startup = secret or place.secret, startup or place.startup
                own, trace = own or place.own, trace or place.trace
        for full in _EXAMPLES_SYSTEM:
            if full.startswith(fixed) and fnmatch.fnmatchcase(full, path):
                zone, secret = Zone.SYSTEM, secret or full != "/etc/passwd"
    return Place(path, zone, secret, startup, own, True, trace)


class Links:
    """Where symbolic links on the disk lead; remembers every directory it looked at."""

    __slots__ = ("_answers", "_directories", "_ground", "_made")

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._answers: dict[str, str | None] = {}
        self._directories: dict[str, tuple[str, bool]] = {"": ("", True)}
        """Directory → its real path and whether it is there."""
        self._made: dict[str, str] = {}

    def followed(self, path: str) -> str | None:
        """Where symbolic links lead from a path, in the words of the ground.

        Args:
            path: resolved; need not exist, then its directory is followed.

        Returns:
            The real path, None when it is the path itself or cannot be told.
        """
        if path in self._answers:
            return self._answers[path]
        answer: str | None = self._linked(path) if self._made else None
        if answer is not None:
            return answer
        if path[:1] == "/" and not _UNFOLLOWED.search(path):
            try:
                answer = self._named(self._real(path)[0], path)
            except (OSError, ValueError):
                answer = None
        self._answers[path] = answer
        return answer

    def make(self, path: str, target: str) -> None:
        """A command makes a link, symbolic or hard: from now on the path is the target."""
        if path != target and not f"{target}/".startswith(f"{path}/"):
            self._made[path] = target
            self._answers.clear()

    def _linked(self, path: str) -> str | None:
        above, below = path, ""
        while above:
            if above in self._made:
                return self._made[above] + below
            above, _, last = above.rpartition("/")
            below = f"/{last}{below}"
        return None

    def climbed(self, text: str, cwd: str) -> str | None:
        """Like `followed` for a path with `..` in it, which the system takes after the links."""
        if ".." not in text or UNKNOWN in text or not _CLIMBS.search(text):
            return None
        path = resolve(text, cwd, self._ground.home)
        if path[:1] != "/" or _UNFOLLOWED.search(path):
            return None
        if text.startswith("~/"):
            text = self._ground.home + text[1:]
        try:
            return self._named(os.path.realpath(posixpath.join(cwd, text)), path)
        except (OSError, ValueError):
            return None

    def _real(self, path: str) -> tuple[str, bool]:
        known = self._directories
        # Without recursion, because a path may have a great many components.
        waiting: list[str] = []
        at = len(path)
        while (head := path[:at]) not in known:
            waiting.append(head)
            at = head.rfind("/")
        real, there = known[head]
        for whole in reversed(waiting):
            real = f"{real}{whole[whole.rfind('/') :]}"
            if there:
                try:
                    if stat.S_ISLNK(os.lstat(real).st_mode):
                        real = os.path.realpath(real).rstrip("/")
                except OSError:
                    there = False
            known[whole] = (real, there)
        return real, there

    def _named(self, real: str, path: str) -> str | None:
        """Home and project may themselves be reached through links: keep their names."""
        if real == path:
            return None
        for place in (self._ground.project, self._ground.home):
            if place:
                base = self._real(place)[0]
                if f"{real}/".startswith(f"{base}/"):
                    real = place + real[len(base) :]
                    break
        return None if real == path else real or "/"


_UNFOLLOWED = re.compile(r"[*?\[\0]|^/(?:dev|proc|sys)/")
_CLIMBS = re.compile(r"[^/.][^/]*/+(?:\./+)*\.\.(?:/|$)")


def covers(pattern: str, path: str) -> bool:
    """A glob may name `path` or something below it."""
    pieces, names = pattern.split("/"), path.split("/")
    if len(pieces) < len(names) and "**" not in pieces:
        return False
    for piece, name in zip(pieces, names, strict=False):
        if piece == "**":
            return True
        if name.startswith(".") and piece[:1] in ("*", "?", "["):
            return False
        if not fnmatch.fnmatchcase(name, piece):
            return False
    return True


def notable(root: str, names: tuple[str, ...], ground: Ground, *, hidden: bool = True) -> list[str]:
    """Credentials, and files of Tungsten's own, that a walk below a directory would come upon.

    Args:
        root: resolved directory.
        names: patterns that the last component must match; empty for every file.
        ground: where home and Tungsten's own directories are.
        hidden: the walk enters directories whose name starts with a dot.
    """
    base = root.rstrip("/") + "/"
    found: list[str] = []
    for path in (
        *(f"{ground.home}/{example}" for example in _EXAMPLES_HOME),
        *(f"{own}/{name}" for own in ground.own for name in _OWN_FILES),
    ):
        if not path.startswith(base) or (not hidden and "/." in path[len(base) - 1 :]):
            continue
        name = posixpath.basename(path)
        if names and not any(fnmatch.fnmatchcase(name, pattern) for pattern in names):
            continue
        place = _place(path, ground)
        if place.secret or any(path.startswith(f"{own}/") for own in ground.own):
            found.append(path)
    return found


_OWN_FILES = ("tungsten.db", "credentials.json", "config.toml")


def _partly(path: str, at: int, ground: Ground) -> Place:
    """A path with an unknown piece: what stands before it may be enough."""
    known = path[:at]
    slash = known.rfind("/")
    parent = known[:slash] if slash > 0 else "/"
    rest = path[at:].replace(UNKNOWN, "x")
    marked = _place(posixpath.normpath(known + rest), ground, several=True)
    inside = _place(parent, ground).zone if parent != "/" else Zone.UNKNOWN
    if inside in (Zone.REGENERABLE, Zone.TEMPORARY) or parent in ("/tmp", "/var/tmp"):  # noqa: S108
        zone = Zone.TEMPORARY
    elif any(c in REGENERABLE_DIRECTORIES for c in rest.split("/")[1:]):
        zone = Zone.REGENERABLE
    elif (inside is Zone.PROJECT or parent == ground.project) and slash < at - 1:
        zone = marked.zone
    else:
        zone = Zone.UNKNOWN
    if _place(parent, ground).secret or _place(parent, ground).startup:
        marked = _place(parent + "/x", ground)
    return Place(path, zone, marked.secret, marked.startup, marked.own, True, marked.trace)
