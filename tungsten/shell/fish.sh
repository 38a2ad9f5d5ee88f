# Tungsten's shell integration for fish: reports prompts and exit statuses to the program that
# watches this terminal, as invisible in-band marks. Read after the person's own files.

set -g __tungsten_nonce (cat -- $TUNGSTEN_INTEGRATION)
command rm -f -- $TUNGSTEN_INTEGRATION
set -e TUNGSTEN_INTEGRATION
set -e TMUX
set -e TMUX_PANE
# What agents run is no history of the person's; it stays in this shell.
set -g fish_history ''
set -g __tungsten_n 0
set -g __tungsten_k 0
set -g __tungsten_marking 0

functions -c fish_prompt __tungsten_theirs

function __tungsten_status
    return $argv[1]
end

function fish_prompt
    set -l last $status
    __tungsten_status $last
    set -l text (__tungsten_theirs | string collect -N)
    # Quoted: a prompt that shows nothing is a text, too.
    printf '%s\ek%s;P;%s;%s;"%s\e\\\\' "$text" $__tungsten_nonce $__tungsten_n $last \
        (string escape --style=url -- "$text")
end

function __tungsten_count --on-event fish_prompt
    set -g __tungsten_n (math $__tungsten_n + 1)
    set -g __tungsten_marking 0
    # What a command began and did not end would swallow the prompt and its mark, or garble what comes
    # next: insert mode, line drawing, lines that do not wrap, a part of the screen that alone scrolls.
    printf '\e\\\\\e[4l\e[?7h\e(B\017\e7\e[r\e8'
end

# Ctrl-C on a line is no new prompt to fish: it shows the old one again, mark and all.
function __tungsten_cancelled --on-event fish_cancel
    set -g __tungsten_n (math $__tungsten_n + 1)
    commandline -f repaint
end

function __tungsten_running --on-event fish_preexec
    # Output would be written into what an earlier command printed before it moved up.
    printf '\ek%s;C;%s;;\e\\\\\e[J' $__tungsten_nonce $__tungsten_n
    if test $__tungsten_marking = 1
        printf '\e[58:2::%d:%d:%dm \e[59m\n' (math "floor($__tungsten_n / 65536) % 256") \
            (math "floor($__tungsten_n / 256) % 256") (math $__tungsten_n % 256)
    end
end

# Asks for an empty row between this line and its output, which tells where that begins.
function __tungsten_mark
    set -g __tungsten_marking 1
end

function __tungsten_line
    set -l line (commandline | string collect)
    set -g __tungsten_k (math $__tungsten_k + 1)
    # OSC 7 keeps the line where redrawing the prompt does not overwrite it.
    printf '\e]7;%s;%s;"%s\e\\\\\ek%s;L;%s;;\e\\\\' $__tungsten_nonce $__tungsten_k \
        (string escape --style=url -- $line) $__tungsten_nonce $__tungsten_n
end

function __tungsten_enter
    if test -z (commandline | string collect); or commandline --is-valid
        commandline -f execute
    else
        printf '\ek%s;2;%s;;\e\\\\' $__tungsten_nonce $__tungsten_n
    end
end

for map in default insert visual
    bind -M $map \e\[27\;9\;7477~ __tungsten_line
    bind -M $map \e\[27\;9\;7478~ __tungsten_enter
    bind -M $map \e\[27\;9\;7479~ cancel-commandline
    bind -M $map \e\[27\;9\;7481~ __tungsten_mark
end
