# Tungsten's shell integration for bash: reports prompts and exit statuses to the program that
# watches this terminal, as invisible in-band marks. Read instead of ~/.bashrc, which it reads.

__tungsten_file=$TUNGSTEN_INTEGRATION
unset TUNGSTEN_INTEGRATION
__tungsten_nonce=
if [[ $__tungsten_file == ask ]]; then
  # On another machine: the secret comes through the terminal, unseen.
  stty -echo
  printf '\ektungsten;ask\e\\'
  IFS= read -r __tungsten_nonce
  stty echo
elif [[ -r $__tungsten_file ]]; then
  IFS= read -r __tungsten_nonce <"$__tungsten_file"
  command rm -f -- "$__tungsten_file"
fi

if [[ $__tungsten_file == ask ]]; then
  [[ -r /etc/profile ]] && . /etc/profile
  for __tungsten_file in ~/.bash_profile ~/.bash_login ~/.profile ~/.bashrc; do
    if [[ -r $__tungsten_file ]]; then
      . "$__tungsten_file"
      break
    fi
  done
elif [[ -r ~/.bashrc ]]; then
  . ~/.bashrc
fi
unset __tungsten_file
unset TMUX TMUX_PANE
# What agents run is no history of the person's; it stays in this shell.
unset HISTFILE

# The prompt's number, the reports of its line, the last line taken (`__tungsten_take`), and where the
# shell is: 1 at a prompt, 2 at one for the rest of a line, 0 elsewhere.
__tungsten_n=0
__tungsten_k=0
__tungsten_a=0
__tungsten_at=0
__tungsten_text=
__tungsten_status=0

# Each mark is whole in itself: tmux may tell only the latest of several.
# Below a line that runs is what an earlier command printed before it moved up; its output would be
# written into that.
__tungsten_ps0='\ek${__tungsten_nonce};C;$((__tungsten_at=0,__tungsten_n)); ${__tungsten_a};\e\\\e[J'
__tungsten_ps1='\[\ek${__tungsten_nonce};P;$((__tungsten_at=1,++__tungsten_n));${__tungsten_status} ${__tungsten_a};${__tungsten_text}\e\\\]'
# Takes the status, expands to nothing: what a person's prompt runs leaves a status of its own.
__tungsten_first='${__tungsten_nonce:(__tungsten_status=$?):0}'
__tungsten_ps2='\[\ek${__tungsten_nonce};2;$((__tungsten_at=2,__tungsten_n)); ${__tungsten_a};\e\\\]'

# What the prompts were made of last, and the person's own part of the first.
__tungsten_made=
__tungsten_plain=

__tungsten_prompt() {
  # What a command began and did not end (a picture cut off, the bytes of a binary) would swallow the
  # prompt and its mark; insert mode, line drawing, lines that do not wrap, and a part of the screen
  # that alone scrolls, left on, would garble what comes next. Without anything to end, this says nothing.
  printf '\e\\\e[4l\e[?7h\e(B\017\e7\e[r\e8' >/dev/tty
  # A line must run as it was judged: no history expansion.
  set +H
  shopt -s promptvars
  # Any of them may be unset, which is an error after `set -u`. `[[` would compile a pattern.
  if [ "${PS1-}${PS2-}${PS0-}" != "$__tungsten_made" ]; then
    local more=${PS2-} before=${PS0-}
    __tungsten_plain=${PS1-}
    __tungsten_plain=${__tungsten_plain//"$__tungsten_ps1"/}
    __tungsten_plain=${__tungsten_plain#"$__tungsten_first"}
    PS1=$__tungsten_first$__tungsten_plain$__tungsten_ps1
    PS2=${more//"$__tungsten_ps2"/}$__tungsten_ps2
    PS0=${before//"$__tungsten_ps0"/}$__tungsten_ps0
    __tungsten_made=$PS1$PS2$PS0
  fi
  printf -v __tungsten_text %q "${__tungsten_plain@P}"
}

__tungsten_line() {
  local line
  printf -v line %q "${__tungsten_why:-$READLINE_LINE}"
  # OSC 7 keeps the line where redrawing the prompt does not overwrite it.
  printf '\e]7;%s;%s;%s\e\\\ek%s;L;%s;;\e\\' "$__tungsten_nonce" "$((++__tungsten_k))" "$line" \
    "$__tungsten_nonce" "$__tungsten_n" >/dev/tty
}

# What the key does that a key bound to `__tungsten_take` types after it: no command that a key runs
# can enter the line itself. Nobody else knows that key, nor how a message begins.
__tungsten_key=
__tungsten_secret=${__tungsten_nonce:0:12}

__tungsten_then() {
  local map
  if [ "$1" != "$__tungsten_key" ]; then
    for map in emacs vi-insert vi-command; do
      bind -m "$map" "\"\e[27;9;$__tungsten_secret~\": $1" 2>/dev/null
    done
    __tungsten_key=$1
  fi
}

# Takes a line as one message, `SECRET;PROMPT;NAME;HOW;,LENGTH,BYTES,;LINE` up to the terminator: to
# `put` on the empty line, to `run` there, or to run if it is the `same` as there. What was cut short, comes too
# late or meets other text changes nothing. What does not run is reported. HOW may end in `:DIRECTORY`:
# then each piece of the line is asked about there.
__tungsten_take() {
  local taken= secret number name how size line directory= __tungsten_why=
  if [ "$__tungsten_at" != 1 ]; then
    __tungsten_then set-mark
    # In `read -e`, another `read` would leave Enter without a meaning.
    return 0
  fi
  IFS= read -r -d $'\x1e' line || line=
  secret=${line%%;*} line=${line#*;}
  number=${line%%;*} line=${line#*;}
  name=${line%%;*} line=${line#*;}
  how=${line%%;*} line=${line#*;}
  size=${line%%;*} line=${line#*;}
  line=${line//$'\x1f'/$'\n'}
  line=${line//$'\x1d'/$'\t'}
  if [ "$how" != "${how%%:*}" ]; then
    directory=${how#*:}
    how=${how%%:*}
  fi
  if [ "$secret;$number" = "$__tungsten_secret;$__tungsten_n" ] && [[ $size == *,${#line},* ]]; then
    if [ "$how" = same ]; then
      [ "$READLINE_LINE" != "$line" ] || taken=run
    elif [ -z "$READLINE_LINE" ]; then
      taken=$how
    fi
  fi
  if [ "$taken" = run ] && [ -n "$directory" ]; then
    # A trap of the person's own would be another one with ours beside it.
    if [ $# = 2 ] && [ -z "$1" ] && ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 501)); then
      __tungsten_arm
    else
      taken=
      __tungsten_why=$'\x01'
    fi
  fi
  if [ -n "$taken" ]; then
    READLINE_LINE=$line
    READLINE_POINT=${#line}
  fi
  if [ "$taken" = run ]; then
    __tungsten_a=$name
    __tungsten_then accept-line
  else
    __tungsten_then set-mark
    __tungsten_line
  fi
}

# Where the pieces of a line are asked about, the prompt of that line, and `$-` before.
__tungsten_each=
__tungsten_armed=
__tungsten_modes=
__tungsten_guards=
__tungsten_over=0

__tungsten_arm() {
  __tungsten_each=$directory
  __tungsten_armed=$__tungsten_n
  __tungsten_modes=$-
  __tungsten_guards=INT
  __tungsten_over=0
  # The person's own part of the prompt is no piece of the line. Told from what the line might call by
  # a name that nobody could write down before.
  if [[ ${PROMPT_COMMAND[0]-} == __tungsten_disarm* ]]; then
    PROMPT_COMMAND[0]="__tungsten_disarm $name"
  else
    PROMPT_COMMAND=("__tungsten_disarm $name" "${PROMPT_COMMAND[@]}")
  fi
  # Traces functions and subshells, and lets the trap skip what it refuses. `!` shields it from `set -e`.
  shopt -s extdebug
  builtin trap '! __tungsten_refuses "$_"' DEBUG
}

__tungsten_disarm() {
  if [ -n "$__tungsten_each" ]; then
    builtin trap - DEBUG
    shopt -u extdebug
    [[ $__tungsten_modes != *T* ]] || set -T
    [[ $__tungsten_modes != *E* ]] || set -E
    __tungsten_each=
  fi
}

# Tells something in place of a piece: that an interrupt was heard, or that the line goes on for ever.
__tungsten_tell() {
  builtin printf '%s;%s;%s\0' "$__tungsten_a" "$BASHPID" "$1" 1<>"$__tungsten_each/ask"
} 2>/dev/null

# Whether the piece that is about to run must not. One at a time asks (`turn`); the answer is a `y`.
# What is read was opened for writing first, so that opening waits for nobody, and is closed for
# writing then, so that reading ends with the process that should answer.
__tungsten_refuses() {
  local turn= verdict= ask= held= turns= verdicts=
  if [ "$__tungsten_at" = 1 ] || [ "${FUNCNAME[1]-}" = __tungsten_disarm ]; then
    return 1
  elif [ "$__tungsten_n" != "$__tungsten_armed" ]; then
    __tungsten_disarm
    return 1
  elif [ "$BASH_COMMAND" = "__tungsten_disarm $__tungsten_a" ]; then
    return 1
  elif ((__tungsten_over > 0)); then
    # Skipped, `while true` never ends by itself.
    ((++__tungsten_over % 1000 != 20)) || __tungsten_tell $'\4'
    return 0
  elif ((${#BASH_COMMAND} > 15000)); then
    # More might not fit into the pipe.
    __tungsten_over=1
    return 0
  fi
  # Between the parts of a pipeline, an interrupt would end the whole shell.
  [ -z "$__tungsten_guards" ] || builtin trap '__tungsten_tell $'"'\3'" "$__tungsten_guards"
  {
    # By `exec`, since it keeps no copy of what it closes.
    exec {ask}<>"$__tungsten_each/ask" &&
      exec {held}<>"$__tungsten_each/turn" {turns}<"$__tungsten_each/turn" {held}>&- &&
      exec {held}<>"$__tungsten_each/verdict" {verdicts}<"$__tungsten_each/verdict" {held}>&- &&
      IFS= builtin read -r -N 1 -u "$turns" turn &&
      builtin printf '%s;%s;%s\0' "$__tungsten_a" "$BASHPID" "$BASH_COMMAND" >&"$ask" &&
      IFS= builtin read -r -N 1 -u "$verdicts" verdict
    if [ -n "$turn" ]; then
      builtin printf t 1<>"$__tungsten_each/turn"
    fi
    exec {ask}>&- {turns}<&- {verdicts}<&-
  } 2>/dev/null
  if [ -n "$__tungsten_guards" ]; then
    builtin trap - "$__tungsten_guards"
    # From here on the interrupt is the line's own.
    [[ $BASH_COMMAND != *trap*INT* ]] || __tungsten_guards=
  fi
  [ "$verdict" = y ] || __tungsten_over=1
  ((__tungsten_over > 0))
}

if [[ -n $__tungsten_nonce ]] && ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 404)); then
  if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 501)); then
    PROMPT_COMMAND+=(__tungsten_prompt)
  else
    PROMPT_COMMAND=${PROMPT_COMMAND:+$PROMPT_COMMAND$'\n'}__tungsten_prompt
  fi
  # Their last word is what `$_` means in the line.
  for __tungsten_map in emacs vi-insert vi-command; do
    bind -m "$__tungsten_map" -x '"\e[27;9;7477~": __tungsten_line "$_"' 2>/dev/null
    bind -m "$__tungsten_map" -x '"\e[27;9;7480~": __tungsten_take "$_"' 2>/dev/null
    bind -m "$__tungsten_map" "\"\e[27;9;7479~\": \"\e[27;9;7480~\e[27;9;$__tungsten_secret~\"" 2>/dev/null
    bind -m "$__tungsten_map" -x \
      '"\e[27;9;7482~": __tungsten_take "$(builtin trap -p DEBUG RETURN ERR INT)" "$_"' 2>/dev/null
    bind -m "$__tungsten_map" "\"\e[27;9;7483~\": \"\e[27;9;7482~\e[27;9;$__tungsten_secret~\"" 2>/dev/null
  done
  unset __tungsten_map
  __tungsten_then set-mark
  # Several lines pasted at once must stay one line to edit until Enter.
  bind 'set enable-bracketed-paste on' 2>/dev/null
fi
