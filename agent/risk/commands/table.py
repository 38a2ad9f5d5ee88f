# ruff: noqa: E501 - tables read better unbroken
"""Which rule judges which program; a program in no table is looked up in `agent.risk.programs`."""

from __future__ import annotations

from agent.risk.arguments import wordlist
from agent.risk.commands.archives import archive, compress, split_file, tar
from agent.risk.commands.argument_runners import parallel, run_parts, xargs, zargs
from agent.risk.commands.build_tools import (
    bazel,
    cmake,
    cpack,
    ctest,
    extension,
    jvm_build,
    rake,
    sbt,
    tox,
)
from agent.risk.commands.builtins import (
    again,
    alias,
    bind,
    cd,
    completion,
    declare,
    history,
    let,
    naming,
    read,
    set_builtin,
    shadowing,
    trap,
    unalias,
    unset,
)
from agent.risk.commands.clouds import cloud
from agent.risk.commands.clusters import ansible, kubectl, terraform
from agent.risk.commands.containers import compose, docker, image
from agent.risk.commands.copying import allocate, copy, create, dd, rsync
from agent.risk.commands.databases import database, sqlite
from agent.risk.commands.deleting import destroy, duplicates, gio, remove_trees, rm, rmdir
from agent.risk.commands.editors import editor, pager, vim
from agent.risk.commands.fetching import curl, downloader, httpie, wget
from agent.risk.commands.forges import gh
from agent.risk.commands.git import git
from agent.risk.commands.imaging import imaging
from agent.risk.commands.interpreters import INLINE, awk, calculator, file_server, inline
from agent.risk.commands.make import make
from agent.risk.commands.moving import move
from agent.risk.commands.openers import opener
from agent.risk.commands.other_agents import agent
from agent.risk.commands.package_scripts import package_script
from agent.risk.commands.patches import patch
from agent.risk.commands.permissions import chmod, umask
from agent.risk.commands.pickers import PICKERS, picker
from agent.risk.commands.powershell import powershell, windows
from agent.risk.commands.prefixes import PREFIXES, busybox, env, prefix
from agent.risk.commands.processes import fuser, kill, niceness, scheduled, systemd_run, task_kill
from agent.risk.commands.python import python
from agent.risk.commands.reading import echo, processes, reader
from agent.risk.commands.redis import redis_server
from agent.risk.commands.remote_hosts import scp, sends, ssh
from agent.risk.commands.script_files import local_file
from agent.risk.commands.searching import fd, find
from agent.risk.commands.shells import command_builtin, evaluate_words, shell, source, text_runner
from agent.risk.commands.sockets import dns, interface, netcat, openssl, scanner_tool, socat
from agent.risk.commands.system import bus, core_dumps, dmesg, ssh_keys, sysctl, tracer
from agent.risk.commands.terminals import remote_control, stty, tmux
from agent.risk.commands.tex import latexmk
from agent.risk.commands.text_editing import rename, sed, sort
from agent.risk.commands.tool_runners import npx, tool_runner
from agent.risk.evaluation.call import Handler

HANDLERS: dict[str, Handler] = {
    # files
    "rm": rm, "rmdir": rmdir, "shred": destroy, "truncate": destroy, "cp": copy, "install": copy,
    "ln": copy, "mv": move, "mkdir": create, "touch": create, "tee": create, "sponge": create,
    "mkfifo": create, "mknod": create, "chmod": chmod, "umask": umask, "chown": chmod, "chgrp": chmod, "dd": dd,
    "find": find, "fd": fd, "rsync": rsync, "tar": tar, "zip": archive, "unzip": archive,
    "7z": archive, "7za": archive, "sed": sed, "sort": sort, "split": split_file, "patch": patch, "gpatch": patch,
    "rename": rename, "cpio": archive, "pax": archive, **dict.fromkeys(
        ("gzip", "gunzip", "bzip2", "bunzip2", "xz", "unxz", "zstd", "unzstd", "lz4", "pigz"), compress
    ), "mktemp": create, "prename": rename, "link": copy, "trash": rm, "trash-put": rm, "trash-cli": remove_trees, "mmv": rename, "kioclient": gio, "kioclient5": gio, "gvfs-trash": remove_trees, "gvfs-rm": remove_trees, "recycle": remove_trees, **dict.fromkeys(("fdupes", "jdupes", "rdfind", "fclones", "duff", "yadf", "czkawka", "czkawka_cli"), duplicates),
    "ps": processes, **dict.fromkeys(("serve", "http-server", "live-server", "httpd", "thttpd", "darkhttpd", "webfsd", "miniserve", "caddy", "dufs", "simple-http-server", "sfz", "pyftpdlib", "uploadserver", "static-web-server", "filebrowser", "goshs", "gohttpserver"), file_server), "rimraf": remove_trees, "del-cli": remove_trees,
    **dict.fromkeys(
        wordlist(
    """
    cat tac head tail grep egrep fgrep rg ag ack cut nl od xxd strings base64 base32 jq yq diff
    cmp uniq wc bat zcat zgrep bzcat xzcat paste fold rev fmt column comm join look md5sum
    sha1sum sha256sum sha512sum colordiff sdiff tr pr csplit expand iconv shuf glow ugrep hexyl
    """
    ),
        reader,
    ),
    # repositories, containers, clusters, clouds
    "git": git, "docker": docker, "docker-compose": compose, "kubectl": kubectl, "oc": kubectl, "aws": cloud, "gcloud": cloud,
    "az": cloud, "gh": gh, "ansible": ansible, "ansible-playbook": ansible, "ansible-console": ansible, "ansible-pull": ansible,
    "podman-compose": compose, **dict.fromkeys(("singularity", "apptainer", "enroot", "udocker", "ch-run", "charliecloud"), image),
    **dict.fromkeys(wordlist(
    """
    claude claude-code codex aider gemini gemini-cli cursor-agent opencode amp crush copilot cline qwen
    """
    ), agent),
    # the network
    "curl": curl, "wget": wget, "wget2": wget, "nc": netcat, "socat": socat, "ssh": ssh, "mosh": ssh, "scp": scp, "sftp": scp,
    "ftp": scp, "tftp": scp, "lftp": scp, "http": httpie, "https": httpie, "xh": httpie, "httpie": httpie, "aria2c": downloader,
    "axel": downloader, "yt-dlp": downloader, "youtube-dl": downloader, "openssl": openssl, "dig": dns, "host": dns,
    "nslookup": dns, "ping": dns, "ip": interface, "ifconfig": interface, "route": interface, "arp": interface,
    "nmcli": interface, "nmap": scanner_tool, "masscan": scanner_tool, "drill": dns,
    **dict.fromkeys(wordlist(
    """
    mail mailx mutt sendmail msmtp swaks gist pastebinit telnet croc wormhole ffsend transfer
    magic-wormhole hastebin rsend wall-e
    """
    ), sends),
    # what runs another command
    **dict.fromkeys(PICKERS, picker),
    **dict.fromkeys(PREFIXES, prefix),
    "powershell": powershell, "cmd": windows, "env": env, "sh": shell, "eval": evaluate_words, ".": source, "source": source,
    "command": command_builtin, "xargs": xargs, "parallel": parallel, "zargs": zargs, "run-parts": run_parts, "watch": text_runner,
    "trap": trap, "alias": alias, "unalias": unalias, "fc": again, "history": history, "export": declare, "declare": declare, "typeset": declare,
    "local": declare, "readonly": declare, "read": read, "mapfile": read, "readarray": read,
    "complete": completion, "compgen": completion, "bind": bind, "bindkey": bind, "hash": shadowing, "enable": shadowing,
    **dict.fromkeys(("printf", "wait", "getopts"), naming),
    "cd": cd, "pushd": cd, "unset": unset, "echo": echo, "printenv": echo, "set": set_builtin, "shopt": set_builtin,
    "fuser": fuser, "renice": niceness, **dict.fromkeys(("taskkill", "tskill", "pskill"), task_kill), "let": let, **dict.fromkeys(("kitty", "wezterm", "alacritty", "foot", "iterm2"), remote_control),
    "kill": kill, "killall": kill, "pkill": kill, "tmux": tmux, "stty": stty, "crontab": scheduled, "at": scheduled,
    "batch": scheduled, "make": make, "npm": package_script, "yarn": package_script, "pnpm": package_script,
    "bun": package_script, "npx": npx, "uvx": npx, "systemd-run": systemd_run, "busybox": busybox,
    "toybox": busybox, "@file": local_file,
    **dict.fromkeys(
        wordlist(
    """
    poetry uv pipenv bundle conda nix nix-shell hatch pdm rye pixi guix rbenv pyenv asdf cargo
    go dotnet deno swift gem pip composer rustup volta nvm fnm opam stack cabal devbox mamba brew
    """
    ),
        tool_runner,
    ),
    # the machine, build tools
    "sysctl": sysctl, **dict.fromkeys(("strace", "ltrace"), tracer), "coredumpctl": core_dumps, "dmesg": dmesg, "dc": calculator, "m4": calculator, "gio": gio, **dict.fromkeys(("xdg-open", "open", "gtk-launch", "kde-open", "kde-open5", "kfmclient", "exo-open", "gnome-open", "mate-open", "gvfs-open", "dex", "handlr"), opener), "fallocate": allocate, "ssh-keygen": ssh_keys,
    **dict.fromkeys(("busctl", "gdbus", "dbus-send", "qdbus"), bus), "sshpass": prefix,
    "cmake": cmake, "ctest": ctest, "cpack": cpack, "terraform": terraform, "tofu": terraform, "sbt": sbt, "tox": tox, "rake": rake, **dict.fromkeys(("bazel", "bazelisk"), bazel),
    **dict.fromkeys(("mvn", "mvnw", "gradle", "gradlew"), jvm_build),
    **dict.fromkeys(("code", "code-insiders", "codium", "cursor"), extension),
    # documents and pictures
    "latexmk": latexmk, **dict.fromkeys(wordlist("convert magick identify mogrify composite montage compare conjure display animate stream gm"), imaging),
    # interpreters, editors, databases
    **dict.fromkeys(("redis-server", "valkey-server", "keydb-server", "redis-sentinel"), redis_server),
    "python": python, "awk": awk, "vim": vim, "sqlite3": sqlite,
    **dict.fromkeys(("nano", "micro", "ed", "helix", "hx", "joe", "kak", "mcedit", "gedit", "kate"),
                    editor),
    **dict.fromkeys(("less", "more", "man", "most"), pager),
    **{name: inline for name in INLINE if name not in ("deno", "bun")},
    **dict.fromkeys(
        wordlist(
    """
    psql mysql cqlsh mongosh sqlcmd clickhouse-client clickhouse duckdb cockroach influx usql
    trino presto beeline hive impala-shell cypher-shell isql sqlplus surreal arangosh snow snowsql osql tsql vsql nzsql ysqlsh ksql mysqlsh
    """
    ),
        database,
    ),
}  # fmt: skip
"""Program name → rule. The name `@file` stands for a command given by its path."""
