"""Which paths hold credentials, run later, belong to Tungsten, or can be made again."""

from __future__ import annotations

import re
from glob import iglob
from itertools import islice

from agent.risk.arguments import wordlist

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
REGENERABLE_NAME = re.compile(
    r"(?:test|build|coverage|tmp|temp|bench)[-_.]?(?:outputs?|results?|reports?|artifacts?|cache|dir|tmp|logs?)"
    r"|cmake-build-[\w-]+|\.?[\w-]*[-_.]?cache|build[-_][\w-]+|bazel-\w+|tmp[-_.]?\w*"
)
REGENERABLE_ENDINGS = tuple(
    wordlist(
        """
    .pyc .pyo .o .obj .a .so .class .log .tmp .bak .swp .orig .rej .egg-info .out .gcda .gcno
    .tsbuildinfo .cache .pid .coverage ~ .whl .aux .toc .map .dSYM .min.js
    """
    )
)

KEY_NAME = re.compile(
    r"(?:id_(?:rsa|dsa|ecdsa|ed25519)(?:_\w+)?|[^/]*\.(?:pem|key|p12|pfx|jks|keystore|kdbx"
    r"|ppk|asc|gpg|ovpn)|[^/]*_rsa|\.env(?:\.[\w.-]+)?|\.envrc|[^/]*\.tfvars|\.netrc|_netrc"
    r"|\.pgpass|\.my\.cnf|\.pypirc|\.git-credentials|\.htpasswd|credentials(?:\.json|\.csv|\.toml)?"
    r"|\.?secrets?(?:\.(?:json|ya?ml|toml|env|txt))?|\.dev\.vars(?:\.\w+)?|local\.settings\.json|wp-config\.php|service[-_]account[\w-]*\.json"
    r"|master\.key|authorized_keys|\.vault[-_]pass\w*|\.dockercfg|kubeconfig|\.s3cfg|\.boto"
    r"|application_default_credentials\.json|auth\.json|\.terraformrc|[\w.-]*\.tfstate(?:\.backup)?)$",
    re.I,
)
NOT_SECRET = re.compile(
    r"\.(?:example|sample|template|dist|tpl|tmpl|defaults?|schema|md|example\.\w+)$|\.pub$"
    r"|(?:^|/)(?:pub|public)[^/]*\.(?:pem|key|asc|gpg)$|\.lock$"
    r"|(?:^|/)[^/]*(?:cert|chain|(?:^|[-_/])ca|crt|bundle)[^/]*\.pem$",
    re.I,
)
_TOOLS = (
    r"(?!vscode|nvm/|pyenv|rbenv|rustup|cargo/|npm/|m2/|gradle/"
    r"|cache/(?:pip|uv|go-build|yarn|pre-commit|bazel|mypy))[^/]+/"
)
"""A directory of a tool below home; in some, copies of anybody's code stand."""
_TELLING = (
    r"(?:[\w.-]*[-_.])?(?:access|auth|api|refresh|oauth|bearer|session)?[-_]?"
    r"(?:tokens?|creds?|credentials?|secrets?|passwords?|passwd|api_?keys?)(?:[-_]v?\d+)?"
    r"(?:\.(?:json|ya?ml|toml|ini|txt|conf|cfg|db|dat|enc|bin))?|keys?(?:\.(?:json|txt|db|dat))?"
)
"""A file that says by its name what it keeps: `token`, `oauth_creds.json`, `access-token`."""
_HISTORY = (
    r"(?:[\w.-]*[._-])?(?:repl_|bash_|zsh_)?history(?:\.(?:txt|jl|db|sqlite3?|json))?"
    r"|lesshst|\.?histfile|\.?dbshell|viminfo|zhistory"
)
"""What was typed before, which is often a secret; the first dot is the tool's own."""
SECRET_HOME = re.compile(
    r"^/(?:\.ssh(?:$|/(?!config$|known_hosts))|\.aws(?:$|/(?!config$))|\.gnupg|\.azure|\.kube(?:$|/)"
    r"|\.config/(?:gcloud|gh(?:$|/hosts)|hub|rclone|op|doctl|heroku|containers/auth|sops|age"
    r"|google-chrome|chromium|BraveSoftware|microsoft-edge|Bitwarden|1Password|Signal|Slack|tungsten"
    r"|github-copilot|stripe|fly|netlify|vercel)"
    r"|\.docker/config|\.netrc|\.pgpass|\.my\.cnf|\.pypirc|\.npmrc|\.git-credentials|\.password-store"
    r"|\.mozilla|\.thunderbird|\.local/share/keyrings|\.vault-token|\.terraform\.d/credentials"
    r"|\.cargo/credentials|\.gem/credentials|\.m2/settings|\.gradle/gradle\.properties|\.composer/auth"
    r"|Library/(?:Keychains|Application Support/(?:Google|Firefox|BraveSoftware))|\.bash_history"
    r"|\.zsh_history|\.python_history|\.psql_history|\.mysql_history|\.electrum|\.bitcoin|\.ethereum"
    r"|\.claude/\.credentials|\.codex/auth|\.s3cfg|\.boto|\.Xauthority|\.ICEauthority|\.gsutil"
    r"|\.claude\.json|\.aider\.conf|\.condarc$|\.yarnrc\.yml|\.bundle/config$|\.(?:nuget/NuGet|config/NuGet)/NuGet\.Config"
    r"|\.config/(?:solana|filezilla|configstore/(?!update-notifier)|\.?wrangler/config)|\.filezilla|\.android/adbkey$|\.fly/config|\.wrangler/config"
    rf"|\.(?:{_TOOLS}){{1,2}}(?:{_TELLING})$"
    rf"|\.(?:{_TOOLS}){{0,3}}(?:{_HISTORY})$)",
    re.I,
)
SECRET_SYSTEM = re.compile(
    r"^/etc/(?:shadow|gshadow|sudoers|ssh/ssh_host|ssl/private|krb5\.keytab|security/opasswd"
    r"|master\.passwd|wireguard|NetworkManager/system-connections|kubernetes|letsencrypt|shadow-"
    r"|rancher)"
    r"|^/proc/(?:[^/]+)/(?:environ|mem|maps|fd|root|task)|^/proc/kcore|^/dev/k?mem"
    r"|^/var/lib/(?:docker|kubelet|mysql|postgresql)|^/run/secrets|^/var/run/secrets"
    r"|^/var/spool/cron|^/private/etc/(?:master\.passwd|sudoers)|^/run/user/\d+/keyring"
    r"|^/var/db/dslocal|^/boot/.*key"
)
OTHER_HOME = re.compile(r"^/(?:root|home/[^/]+|Users/[^/]+)(?=/|$)")
"""A person's home directory, where it is not the one that is judged from."""
STARTUP_HOME = re.compile(
    r"^/(?:\.(?:bash|zsh|profile|login|logout|cshrc|tcshrc|kshrc|mkshrc|zprofile|inputrc|xprofile"
    r"|xinitrc|xsession|xsessionrc|Xresources|pam_environment|vimrc|gvimrc|exrc|nanorc|emacs|gdbinit"
    r"|lldbinit|pythonrc|pdbrc|irbrc|pryrc|psqlrc|sqliterc|screenrc|tmux|gitconfig|gitattributes"
    r"|hgrc|npmrc|yarnrc|bunfig|pip|pypirc|condarc|gemrc|curlrc|wgetrc|netrc|ssh|gnupg|aws|kube|docker"
    r"|cargo/config|cargo/bin|m2/settings|gradle/init|oh-my-zsh|bash_it|zshenv|zshrc|zlogin"
    r"|selected_editor|mailcap|forward|procmailrc|lesskey|dir_colors|ackrc|rgrc|envrc|direnvrc"
    r"|asdfrc|tool-versions|rvmrc|nvm|pyenv|rbenv|sdkman|perltidyrc|Rprofile|Renviron|octaverc"
    r"|julia/config|ipython|jupyter|matplotlib|vim/|emacs\.d|claude|codex|cursor|vscode|gemini|opencode|aider"
    r"|local/bin|local/share/(?:applications|systemd|dbus)|bin|fzf|docker/config|rhosts|shosts|crontab"
    r"|huskyrc|git-templates|githooks)"
    r"|\.config/(?:systemd|autostart|fish|git|nvim|vim|zsh|bash|tungsten|tmux|pip|npm|nushell|environment\.d"
    r"|upstart|plasma-workspace|i3|sway|hypr|alacritty|kitty|wezterm|ghostty|direnv|mise|opencode|starship|starship\.toml"
    r"|powershell|emacs|helix|code|Code|Cursor|gh|matplotlib|yarn|user-dirs|xfce4|lesskey|ripgrep|cron)"
    r"|Library/(?:LaunchAgents|LaunchDaemons)|bin(?:/|$)|Library/Application Support/Code)",
    re.I,
)
STARTUP_ANYWHERE = re.compile(
    r"(?:^|/)\.git/(?:hooks(?:/|$)|config(?:$|\.)|info/attributes|modules/.*/(?:hooks|config)"
    r"|worktrees/.*/config)"
    r"|(?:^|/)\.(?:husky|githooks)(?:/|$)|(?:^|/)\.github/(?:workflows|actions)(?:/|$)"
    r"|(?:^|/)\.(?:gitlab-ci|travis|drone|woodpecker|cirrus|appveyor)\.ya?ml$|(?:^|/)\.circleci/"
    r"|(?:^|/)Jenkinsfile$|(?:^|/)azure-pipelines\.ya?ml$|(?:^|/)bitbucket-pipelines\.ya?ml$"
    r"|(?:^|/)\.(?:npmrc|yarnrc(?:\.yml)?|pnpmfile\.cjs|envrc|gitmodules|lfsconfig|bashrc|zshrc"
    r"|profile|bash_profile|exrc|vimrc|nvimrc|gdbinit|pdbrc|pre-commit-config\.yaml|condarc|pypirc)$"
    r"|(?:^|/)(?:pip\.conf|sitecustomize\.py|usercustomize\.py|authorized_keys2?)$|\.pth$"
    r"|(?:^|/)\.(?:vscode|idea|devcontainer|claude|cursor|codex|tungsten|gemini|opencode)/"
    r"|(?:^|/)\.cargo/config(?:\.toml)?$|(?:^|/)\.mvn/(?:jvm|maven)\.config$"
    r"|(?:^|/)site-packages/|(?:^|/)\.(?:buildkite|gitea|forgejo|semaphore|zed|fleet|yarn/(?:plugins|releases))/"
    r"|(?:^|/)\.(?:mcp\.json|lldbinit|dir-locals(?:-2)?\.el|nvim\.lua|Rprofile|Renviron|irbrc|pryrc|ipython|psqlrc)$"
    r"|(?:^|/)(?:cloudbuild|buildspec|appspec|codemagic)\.ya?ml$"
    r"|(?:^|/)\.hg/hgrc|(?:^|/)\.?lefthook(?:-local)?\.(?:ya?ml|toml|json)$|(?:^|/)\.overcommit\.yml$"
    r"|(?:^|/)\.(?:huskyrc|lintstagedrc)(?:\.\w+)?$|(?:^|/)\.?simple-(?:git|pre-commit)-hooks?\.\w+$"
    r"|(?:^|/)(?:captainhook\.json|grumphp\.ya?ml(?:\.dist)?|\.rusty-hook\.toml|hk\.pkl|prek\.toml)$"
    r"|(?:^|/)\.(?:cargo-husky|git-hooks|bzr/plugins|svn/hooks)/"
)
STARTUP_ENDINGS = tuple(
    wordlist(
        """Jenkinsfile pipelines.yml pipelines.yaml pip.conf sitecustomize.py usercustomize.py
        authorized_keys authorized_keys2 .pth
        build.yaml build.yml spec.yml spec.yaml codemagic.yaml lefthook.yml lefthook.yaml
        lefthook.toml lefthook.json lefthook-local.yml lefthook-local.yaml hooks.json hooks.js
        hooks.cjs captainhook.json grumphp.yml grumphp.yaml grumphp.yml.dist hk.pkl prek.toml"""
    )
)
NOTABLE_STARTS = frozenset(wordlist("/. /L /l /b /B"))
STARTUP_SYSTEM = re.compile(r"^/(?:etc|var/spool/cron|usr/lib/systemd|lib/systemd|Library/Launch)")
OWN = re.compile(
    r"(?:^|/)(?:\.config|\.local/share|\.local/state|\.cache)?/?\.?tungsten(?:/|$)"
    r"|^/tmp/tmux-\d+|^/tmp/tungsten|/tmux-\d+(?:/|$)|\.tmux\.conf(?:\.local)?$|\.config/tmux(?:/|$)"
    r"|/tungsten-\d+|/tmux\.sock$|(?:^|/)\.tmux(?:/|$)"
)
OWN_IN_PROJECT = re.compile(r"/\.tungsten(?:/|$)")
TRACE = re.compile(
    r"^/\.(?:bash|zsh|python|psql|mysql|sqlite|node_repl|rediscli|less|ksh|sh|fish)_?(?:history|hist|repl_history|hst)$"
    r"|^/\.(?:lesshst|viminfo|histfile|sqlite_history|irb_history)$|fish_history$|/\.zsh_sessions"
)
TRACE_SYSTEM = re.compile(
    r"^/var/log(?:/|$)|^/var/(?:run/utmp|adm)|^/private/var/log|^/Library/Logs"
)
DEVICE = re.compile(
    r"^/dev/(?:sd|hd|vd|xvd|nvme|mmcblk|disk|rdisk|dm-|md\d|loop|mapper|mem|kmem|port|sr\d|nbd|ram|zd"
    r"|fb\d|input|watchdog|block|bus|console|mtd|cpu|kvm|i2c|tty[SU0-9]|nst|st\d|sg\d)"
)
HARMLESS = re.compile(
    r"^/dev/(?:null$|zero$|u?random$|full$|stdin$|stdout$|stderr$|tty$|fd(?:/\w[\w:]*)?|ptmx|shm(?:/|$))"
)
TEMPORARY = ("/tmp/", "/var/tmp/", "/private/tmp/", "/dev/shm/")  # noqa: S108
"""Directories, with a slash at the end, where what stands is not kept."""

EXAMPLES_HOME = (
    ".ssh/id_rsa", ".ssh/id_ed25519", ".ssh/authorized_keys", ".ssh", ".aws/credentials", ".aws",
    ".gnupg", ".kube/config", ".netrc", ".pgpass", ".docker/config.json", ".npmrc", ".pypirc",
    ".git-credentials", ".config/gcloud", ".bashrc", ".zshrc", ".profile", ".bash_profile",
    ".gitconfig", ".bash_history", ".config/tungsten/config.toml",
    ".config/tungsten/credentials.json", ".local/share/tungsten/tungsten.db",
    ".local/share/tungsten/credentials.json",
)  # fmt: skip
_SETTINGS_BELOW = re.compile(
    r"/(?:\.config|\.local(?:/share)?|\.docker|\.gradle|\.cargo|\.m2|\.julia|Library)?"
)


def settings_below(path: str, home: str) -> bool:
    """A directory, home or in it, of whose subdirectories some hold what runs later."""
    return path == home or (
        path.startswith(f"{home}/") and _SETTINGS_BELOW.fullmatch(path[len(home) :]) is not None
    )


EXAMPLES_SYSTEM = ("/etc/shadow", "/etc/passwd", "/etc/sudoers", "/root/.ssh/id_rsa")


def on_disk(pattern: str, most: int) -> list[str]:
    """What a pattern names on the disk, at most so many; nothing where no name can be like it."""
    try:
        return list(islice(iglob(pattern), most))  # noqa: PTH207 - each of its parts may be one
    except ValueError:
        # Half of a surrogate pair, or NUL: no file system holds that.
        return []
