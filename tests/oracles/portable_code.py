"""Find code that works on one system alone, by its syntax tree.

It finds text files that are opened without an encoding, which differs from system to system;
modules that some systems don't have; and members of `os` and `signal` that some systems don't have.
Modules and members are allowed where the code asks first whether they are there.
"""

import ast
from collections.abc import Iterator

__all__ = ["violations"]

MODULES = frozenset(
    "_winapi crypt curses fcntl grp msvcrt nis posix pty pwd readline resource spwd syslog termios "
    "tty winreg winsound".split()
)
# What Windows or macOS lacks, and what only Windows has, as the documentation of Python says.
MEMBERS = {
    "os": frozenset(
        "O_ASYNC O_BINARY O_CLOEXEC O_DIRECT O_DIRECTORY O_DSYNC O_EXLOCK O_NOATIME O_NOCTTY "
        "O_NOFOLLOW O_NOINHERIT O_NONBLOCK O_PATH O_RANDOM O_RSYNC O_SEQUENTIAL O_SHLOCK O_SYNC "
        "O_TEMPORARY O_TMPFILE add_dll_directory chflags chown chroot confstr copy_file_range "
        "environb eventfd fchdir fchmod fchown fdatasync fork forkpty fpathconf fstatvfs fwalk "
        "getegid getenvb geteuid getgid getgrouplist getgroups getloadavg getpgid getpgrp "
        "getpriority getrandom getresgid getresuid getsid getuid getxattr initgroups killpg lchown "
        "listxattr lockf login_tty major makedev memfd_create minor mkfifo mknod nice openpty "
        "pathconf pidfd_open pipe2 posix_fadvise posix_fallocate posix_spawn posix_spawnp pread "
        "preadv pwrite pwritev readv register_at_fork removexattr sched_getaffinity "
        "sched_getparam sched_getscheduler sched_setaffinity sched_yield sendfile setegid seteuid "
        "setgid setgroups setpgid setpriority setresuid setsid setuid setxattr splice startfile "
        "statvfs sync sysconf tcgetpgrp tcsetpgrp ttyname uname wait wait3 wait4 waitid "
        "writev".split()
    ),
    "signal": frozenset(
        "CTRL_BREAK_EVENT CTRL_C_EVENT SIGALRM SIGBREAK SIGBUS SIGCHLD SIGCONT SIGHUP SIGIO "
        "SIGKILL SIGPIPE SIGPROF SIGQUIT SIGSTOP SIGTRAP SIGTSTP SIGTTIN SIGTTOU SIGURG SIGUSR1 "
        "SIGUSR2 SIGVTALRM SIGWINCH SIGXCPU SIGXFSZ alarm getitimer pause pthread_kill "
        "pthread_sigmask setitimer siginterrupt sigpending sigtimedwait sigwait sigwaitinfo".split()
    ),
}
# Functions of these names that open no text files.
OTHER_OPEN = frozenset({"Image", "archive", "opener", "os", "webbrowser"})
PROCESSES = frozenset({"Popen", "call", "check_call", "check_output", "run"})
TEMPORARY = frozenset({"NamedTemporaryFile", "SpooledTemporaryFile", "TemporaryFile"})


def violations(source: str) -> list[str]:
    """Return what works on one system alone, each as a line of text."""
    tree = ast.parse(source)
    found = [
        f"{node.lineno}: {ast.unparse(node.func)} opens text without encoding="
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and _opens_text(node) and not _has(node, "encoding")
    ]
    found += [f"{line}: {name} is not on every system" for line, name in _unguarded(tree, set())]
    return found


def _opens_text(call: ast.Call) -> bool:
    receiver, _, name = ast.unparse(call.func).rpartition(".")
    if name in ("read_text", "write_text"):
        return len(call.args) < (2 if name == "write_text" else 1)
    if name == "open":
        is_method = bool(receiver) and receiver not in ("builtins", "io")
        return receiver not in OTHER_OPEN and "b" not in _mode(call, 0 if is_method else 1, "r")
    if name == "fdopen":
        return "b" not in _mode(call, 1, "r")
    if name in TEMPORARY:
        return "b" not in _mode(call, 0, "w+b")
    if name in PROCESSES and receiver in ("", "subprocess"):
        return _has(call, "text") or _has(call, "universal_newlines")
    return name == "TextIOWrapper" and len(call.args) < 2


def _mode(call: ast.Call, position: int, default: str) -> str:
    given = [keyword.value for keyword in call.keywords if keyword.arg == "mode"]
    given += call.args[position : position + 1]
    if not given:
        return default
    return str(given[0].value) if isinstance(given[0], ast.Constant) else "?"


def _has(call: ast.Call, keyword: str) -> bool:
    return any(one.arg == keyword for one in call.keywords)


def _unguarded(node: ast.AST, guarded: set[str]) -> Iterator[tuple[int, str]]:
    """Yield what is used without a question, of the part of a tree in which some names are safe."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            if alias.name.split(".")[0] in MODULES and "ImportError" not in guarded:
                yield node.lineno, alias.name
    if isinstance(node, ast.ImportFrom):
        names = [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
        for name in names:
            if (name in MODULES or _is_member(name)) and "ImportError" not in guarded:
                yield node.lineno, name
    if isinstance(node, ast.Attribute):
        name = ast.unparse(node)
        if _is_member(name) and not guarded & {name, "AttributeError"}:
            yield node.lineno, name
    for child in ast.iter_child_nodes(node):
        yield from _unguarded(child, guarded | _asked(node, child))


def _is_member(name: str) -> bool:
    module, _, member = name.partition(".")
    return member in MEMBERS.get(module, ())


def _asked(node: ast.AST, child: ast.AST) -> set[str]:
    """Return what a statement makes safe for a part of it."""
    if isinstance(node, ast.If | ast.IfExp) and child is not node.test:
        return {
            f"{ast.unparse(call.args[0])}.{call.args[1].value}"
            for call in ast.walk(node.test)
            if isinstance(call, ast.Call)
            and ast.unparse(call.func) == "hasattr"
            and isinstance(call.args[1], ast.Constant)
        }
    if isinstance(node, ast.Try) and child in node.body:
        return {
            name.id
            for handler in node.handlers
            if handler.type is not None
            for name in ast.walk(handler.type)
            if isinstance(name, ast.Name)
        }
    return set()
