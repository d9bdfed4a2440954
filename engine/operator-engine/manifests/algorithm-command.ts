/**
 * Runs the algorithm with its output in a capped file and its exit status kept (a pipe into `tee`, as in the classic stack,
 * turns every crash into a success). The image has to contain `sh` and `cat`, nothing of ours.
 *
 * $1 the entrypoint, $2 the cap in blocks of 512 bytes, $3 the cap in bytes. `cat` writes what it reads at once, so that a log is
 * whole also when everything is killed; the cap is a limit on the size of the files it may write. What exceeds it is
 * read and dropped, so that the algorithm never dies of a closed pipe. The status is written over a number that is
 * there already, which a full volume cannot prevent. TERM goes on to the algorithm, also one that comes
 * before its number is written down: the first process of a container gets no default action for signals. A process that the algorithm leaves behind with the log still open is waited for two seconds, not for ever.
 */
const WRAPPER = `s="$LOGS/.run"
: >"$s.term"
trap 'echo 1 >"$s.term"; { read -r a <"$s.pid" && kill -TERM "$a"; } 2>/dev/null' TERM
echo 125 >"$s.status"
{
  sh -c "$1" 2>&1 &
  echo "$!" >"$s.pid"
  [ -s "$s.term" ] && kill -TERM "$!"
  wait "$!"
  echo "$?" 1<>"$s.status"
  { sleep 2 && read -r l <"$s.logger" && kill "$l"; } >/dev/null 2>&1 &
} | {
  if ! (ulimit -f "$2"; exec cat); then
    echo
    echo "[the log was cut here: it may hold $3 bytes]"
    cat >/dev/null
  fi
} >"$LOGS/algorithm.log" 2>/dev/null &
l=$!
echo "$l" >"$s.logger"
while kill -0 "$l" 2>/dev/null; do wait "$l"; done
: >"$s.logger"
read -r c <"$s.status" || c=125
exit "$c"
`;

/** What POSIX counts file sizes in. */
const BLOCK_BYTES = 512;

/** The algorithm's place on the volume, as a shell of the pod resolves it. */
const ALGORITHM_PATH = '$VOLUME/transformations/algorithm';

/** `command` of the compute container. `$ALGO` in the entrypoint stands for the algorithm's file, as ever. */
export function algorithmCommand(entrypoint: string, logCapBytes: number): string[] {
  const command = entrypoint.replaceAll('$ALGO', ALGORITHM_PATH);
  const blocks = Math.max(1, Math.floor(logCapBytes / BLOCK_BYTES));
  return ['sh', '-c', WRAPPER, 'algorithm', asOneProcess(command), String(blocks), String(blocks * BLOCK_BYTES)].map(
    literal,
  );
}

/** What a shell does itself: there may be no program of that name. */
const SHELL_WORDS = new Set(
  (
    '. : [ alias bg break case cd command continue do done echo elif else esac eval exec exit export false fc fg fi for ' +
    'function getopts hash if in jobs kill local printf pwd read readonly return set shift test then time times trap ' +
    'true type ulimit umask unalias unset until wait while'
  ).split(' '),
);

/**
 * One program and its arguments take the place of the shell that starts them: dash, for one, would stay between, and a TERM
 * would end it and not the algorithm.
 */
function asOneProcess(command: string): string {
  const program = /^\s*([\w./+-]+)(?=\s|$)[^;&|<>(){}`\n]*$/.exec(command)?.[1];
  return program === undefined || SHELL_WORDS.has(program) ? command : `exec ${command}`;
}

/** Kubernetes replaces `$(NAME)` and `$$` in commands; a consumer's `$(date)` is meant for the shell. */
function literal(argument: string): string {
  return argument.replaceAll(/\$(?=[$(])/g, '$$$$');
}
