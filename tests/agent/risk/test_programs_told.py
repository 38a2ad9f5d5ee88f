"""Programs that are told in options, names of files and code what else they run or write."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.risk import Context, Risk, assess_command

HOME = Path("/home/ada")
CONTEXT = Context(cwd=HOME / "project", home=HOME, project=HOME / "project")


@pytest.mark.parametrize(
    "command",
    [
        """node -e 'require("child_process").spawnSync("x",{shell:"/tmp/x"})'""",
        """node -e 'require("child_process").exec("ls",{"shell": "/tmp/x"})'""",
        """node -e 'require("child_process").exec("ls",{shell: process.argv[1]})'""",
        """node -e 'const shell=f(); require("child_process").exec("ls",{shell})'""",
        """node -e 'require("child_process").spawn("echo",["x;rm -rf ~"],{shell:true})'""",
        """perl -e 'print <"rm -rf ~|">'""",
        """perl -e '@ARGV=("rm -rf ~ |"); print <>'""",
        """perl -e 'open(my $f, "|-", "sh"); print $f "x"'""",
        """perl -e 'open(my $f, "-|", "rm -rf ~")'""",
        """perl -e 'open(my $f, "-|", "git", $x)'""",
        "perl -ne print 'rm -rf ~|'",
        "perl -pe1 '|rm -rf ~'",
        "g(){ local IFS=,; $*; }; g rm,-rf,x",
        "IFS=,; g(){ $@; }; g rm,-rf,x",
        "latexmk -pdflatex='rm -rf ~' a.tex",
        "latexmk -latex='sh t.sh' a.tex",
        """latexmk -e '$pdflatex="rm -rf ~ %O"' a.tex""",
        "redis-cli --rdb ~/.bashrc",
        "redis-cli -h db --functions-rdb /etc/x",
        "pg_dump -f ~/.bashrc db",
        "mysqldump --result-file=/etc/cron.d/x db",
        "mongodump --archive=/etc/x",
        "age -o ~/.bashrc x",
        "ssh -p 22 -E ~/.bashrc host true",
        "go test -coverprofile ~/.bashrc ./...",
        "node --redirect-warnings=/etc/x a.js",
        "cargo build --artifact-dir /etc/x",
        "docker build --iidfile /etc/x .",
        "mvn -l /etc/x test",
        "magick x '|sh'",
        "magick x 'png:|rm -rf ~'",
        "identify '|rm -rf ~'",
        "convert ephemeral:../a.txt x.png",
        "mogrify -resize 10% ~/Pictures/*.jpg",
        """gnuplot -e 'plot "< rm -rf ~"'""",
        "psql -o '|rm -rf ~' -c 'select 1'",
    ],
)
def test_what_they_are_told_to_run_or_write_counts(command):
    assert assess_command(command, CONTEXT).risk is Risk.HIGH


@pytest.mark.parametrize(
    "command",
    [
        """node -e 'require("child_process").execSync("ls",{shell:"/bin/bash"})'""",
        """node -e 'require("child_process").spawn("ls",[],{shell:process.platform=="x"})'""",
        """node -e 'const shell = require("shelljs"); shell.exec("ls")'""",
        """perl -e 'open(my $f, "-|", "git", "status"); print <$f>'""",
        """perl -ne 'print join("|", split /,/), "a | b |"' x.csv""",
        'IFS=,; run(){ "$@"; }; run ls',
        "latexmk -pdf -pdflatex='pdflatex -interaction=nonstopmode %O %S' a.tex",
        "latexmk -xelatex -outdir=build src/a.tex",
        "latexmk -e '$max_repeat=8' a.tex",
        "redis-cli --rdb dump.rdb",
        "pg_dump -Fc -f dump.pgc db",
        "go test -coverprofile=c.out ./...",
        "cargo build --target-dir /tmp/t",
        "ssh -p 22 host tail -E x",
        "node a.js --cpu-prof-dir=/etc/x",
        "identify -format '%w|%h' x.png",
        "mogrify -resize 50% assets/*.png",
        "mogrify -format jpg ~/Pictures/a.png",
        """gnuplot -e 'plot "<sort x.dat" using 1:2'""",
        "psql -o '|less' -c 'select 1'",
    ],
)
def test_their_everyday_use_is_not_high(command):
    assert assess_command(command, CONTEXT).risk < Risk.HIGH


@pytest.mark.parametrize("program", ["systemd-run", "parallel", "xargs", "ssh", "tmux", "crontab"])
def test_a_program_that_only_says_what_it_is_looks(program):
    for asked in ("--version", "--help"):
        assert assess_command(f"{program} {asked}", CONTEXT).risk is Risk.LOW
