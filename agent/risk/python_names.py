# ruff: noqa: E501 - tables and patterns read better unbroken
"""Functions of Python and its libraries, by what they do."""

from __future__ import annotations

import re

from agent.risk.arguments import wordlist

RUNS_TEXT = {
    "os.system",
    "os.popen",
    "subprocess.getoutput",
    "subprocess.getstatusoutput",
    "commands.getoutput",
    "asyncio.create_subprocess_shell",
    "popen2.popen2",
    "IPython.get_ipython.system",
    "platform.popen",
    "invoke.run",
    "delegator.run",
    "envoy.run",
    "sarge.run",
    "sarge.capture_stdout",
    "pexpect.run",
    "pexpect.spawn",
    "fabric.api.local",
    "subprocess.create_subprocess_shell",
}
RUNS_WORDS = {
    "subprocess.run",
    "subprocess.call",
    "subprocess.Popen",
    "subprocess.check_call",
    "subprocess.check_output",
    "asyncio.create_subprocess_exec",
    "pty.spawn",
    "sh.Command",
    "subprocess.create_subprocess_exec",
    "anyio.run_process",
    "anyio.open_process",
    "trio.run_process",
    "psutil.Popen",
}
RUNS_ON_ANY = {
    "system": "os.system", "popen": "os.popen", "getoutput": "subprocess.getoutput",
    "getstatusoutput": "subprocess.getoutput", "create_subprocess_shell": "os.system",
    "Popen": "subprocess.Popen", "check_call": "subprocess.run", "check_output": "subprocess.run",
    "create_subprocess_exec": "asyncio.create_subprocess_exec",
}  # fmt: skip
"""Methods that mean this on whatever they are called."""
SECRET_LOADERS = frozenset(["dotenv", "decouple", "environ", "environs"])
"""Modules that load files of secrets."""
SECRET_FILES = frozenset(
    wordlist("dotenv.dotenv_values dotenv.main.dotenv_values dotenv.get_key decouple.config")
)
"""Functions that give what such a file says."""
SECRET_MADE = SECRET_FILES | {"environs.Env", "environ.Env", "decouple.Config"}
"""The same, and what gives it when it is asked."""
PROGRAM_CALLS = re.compile(
    r"^(?:sh|plumbum\.cmd)\.(?!Command$|ErrorReturnCode|contrib|pushd$|cd$)[a-z]\w*$"
)
"""Functions that are programs of that name."""
PROGRAMS = re.compile(r"^(?:sh|plumbum)(?:\.|$)")
"""The modules that have them."""
COOKIES = re.compile(r"^(?:browser_?cookie3?|rookiepy|pycookiecheat)\.\w+")
RUNS_SPREAD = re.compile(r"^os\.(?:exec|spawn|posix_spawn)\w*$")
DELETES = {
    "os.remove": False,
    "os.unlink": False,
    "shutil.rmtree": True,
    "os.rmdir": False,
    "os.removedirs": True,
    "os.truncate": False,
    "distutils.dir_util.remove_tree": True,
    "setuptools._distutils.dir_util.remove_tree": True,
    "send2trash.send2trash": True,
    "send2trash": True,
}
METHODS_DELETE = {"unlink": False, "rmdir": False, "rmtree": True, "rmtree_p": True}
METHODS_WRITE = {"write_text", "write_bytes", "touch", "symlink_to", "hardlink_to"}
METHODS_READ = {"read_text", "read_bytes"}
MOVES = {
    "os.rename",
    "os.replace",
    "shutil.move",
    "os.renames",
    "os.symlink",
    "os.link",
    "shutil.copy",
    "shutil.copyfile",
    "shutil.copytree",
    "shutil.copy2",
    "shutil.copymode",
    "shutil.copystat",
}
LINKS = {"os.symlink", "os.link", "symlink_to", "hardlink_to", "link_to"}
METHODS_MOVE = {"rename": "mv", "replace": "mv", "copy": "cp", "move": "mv", "copy_into": "cp"}
PACKS = {"shutil.make_archive": 2, "shutil.unpack_archive": 1}
"""Which argument is the directory that is packed, or unpacked into."""
SOURCES = ("src", "source", "oldpath", "target_of_link", "old", "path")
TARGETS = ("dst", "dest", "destination", "newpath", "new", "target")
EVALUATES = {
    "eval",
    "exec",
    "__import__",
    "builtins.eval",
    "builtins.exec",
    "builtins.__import__",
    "importlib.import_module",
    "runpy.run_path",
    "execfile",
    "pickle.loads",
    "pickle.load",
    "marshal.loads",
    "types.FunctionType",
    "ctypes.CDLL",
    "ctypes.PyDLL",
    "ctypes.cdll.LoadLibrary",
    "cPickle.loads",
    "dill.loads",
    "yaml.unsafe_load",
    "code.InteractiveInterpreter",
    "code.InteractiveConsole",
    "codeop.compile_command",
    "code.compile_command",
    "pickle.Unpickler",
    "_pickle.load",
    "_pickle.loads",
    "cPickle.load",
    "dill.load",
    "cloudpickle.load",
    "cloudpickle.loads",
    "marshal.load",
    "types.CodeType",
    "yaml.unsafe_load_all",
    "doctest.run_docstring_examples",
    "doctest.debug_src",
    "doctest.debug_script",
}
UNSAFE_YAML = frozenset(["UnsafeLoader", "CUnsafeLoader", "Loader", "CLoader"])
REACHES = frozenset(
    ["os", "subprocess", "shutil", "pty", "builtins", "importlib", "ctypes", "runpy"]
)
"""Modules with which whoever is given one can do anything."""
WRITES = {
    "logging.FileHandler": 0, "logging.handlers.RotatingFileHandler": 0, "logging.handlers.WatchedFileHandler": 0,
    "logging.handlers.TimedRotatingFileHandler": 0, "urllib.request.urlretrieve": 1, "wget.download": 1,
    "shelve.open": 0, "numpy.save": 0, "numpy.savetxt": 0, "numpy.savez": 0, "torch.save": 1, "joblib.dump": 1,
}  # fmt: skip
"""Functions that write a file; which argument names it."""
OPENS = frozenset(
    wordlist(
        "gzip.open bz2.open lzma.open tarfile.open zipfile.ZipFile io.FileIO aiofiles.open tarfile.TarFile"
    )
)
"""Functions that open a file as `open` does."""
METHODS_SAVE = frozenset(
    wordlist(
        "to_csv to_json to_excel to_parquet to_pickle to_feather to_html to_latex savefig tofile imsave"
    )
)
"""Methods that write the file which they are given first."""
RUNS_STATEMENTS = frozenset(
    wordlist("""timeit.timeit timeit.repeat timeit.Timer timeit.main cProfile.run cProfile.runctx profile.run profile.runctx
    pdb.run pdb.runeval bdb.Bdb.run trace.Trace.run""")
)
"""Calls that run the Python text, or the function, that they are given."""

HIGH_CALLS = {
    "os.setuid": "changes privileges", "os.setgid": "changes privileges", "os.chroot": "escapes",
    "os.killpg": "kills a group of processes", "os.dup2": "hands the terminal to something else",
    "os.chown": "changes who owns files", "shutil.chown": "changes who owns files", "os.lchown": "changes who owns files",
    "os.reboot": "reboots", "pty.fork": "hands the terminal to something else", "os.forkpty": "hands the terminal to something else",
    "ctypes.pythonapi": "runs machine code",
    "socket.create_server": "opens a server that can hand out access", "code.interact": "opens another prompt",
    "keyring.get_password": "reads stored passwords", "keyring.get_credential": "reads stored passwords", "netrc.netrc": "reads credentials or keys", "winreg.SetValue": "changes the machine",
    "fcntl.ioctl": "types into the terminal", "libtmux.Server": "controls the supervising terminal",
    "smtplib.SMTP": "sends mail", "ftplib.FTP": "sends data to another machine", "telnetlib.Telnet": "opens a connection",
    "paramiko.SSHClient": "runs commands on another machine", "os.mknod": "makes a device",

}  # fmt: skip
SENDS = re.compile(
    r"^(?:requests|httpx|aiohttp|urllib3|session|client)\.(?:\w+\.)?(?:post|put|patch|request)$|^urllib\.request\.(?:urlopen|Request)$|\.(?:upload_file|put_object|sendall|upload_fileobj)$"
)
FETCHES = re.compile(
    r"^(?:requests|httpx|urllib3)\.(?:get|request)$|^urllib\.request\.(?:urlopen|urlretrieve)$"
)
SQL_METHODS = {"execute", "executescript", "executemany", "raw", "text"}
LOADS = frozenset(
    wordlist(
        """__import__ import_module run_module run_path _run_module_as_main find_spec load_module
        get_loader find_loader resolve_name locate load_entry_point import_string import_object
        import_from_string spec_from_file_location SourceFileLoader SourcelessFileLoader EntryPoint
        entry_points get_entry_info import_file importorskip safeimport module_from_spec reload
        find_module load_source lazy_import __getattr__"""
    )
)
"""Functions that load a module named by a text; the last part of their name."""
READ_ENVIRON = re.compile(r"^(?:dict|print|str|list|repr|json\.dumps|pprint\.pprint)$")
