"""The daemon on one store, as the tests of this folder start it, end it and look at it."""

import os
import pathlib
import queue
import signal
import subprocess
import sys
import threading

START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 60


def load_stubs(proto: str, folder: str):
    """The messages and stubs of the ledger, generated into `folder`."""
    root = pathlib.Path(proto).resolve().parent.parent
    plugin = subprocess.run(["which", "grpc_python_plugin"], check=True, text=True,
                            capture_output=True).stdout.strip()
    subprocess.run(["protoc", f"--proto_path={root}", f"--python_out={folder}",
                    f"--grpc_out={folder}", f"--plugin=protoc-gen-grpc={plugin}",
                    "proto/ledger.proto"], check=True)
    sys.path.insert(0, folder)
    from proto import ledger_pb2, ledger_pb2_grpc  # pylint: disable=import-outside-toplevel
    return ledger_pb2, ledger_pb2_grpc


class DidNotStart(RuntimeError):
    """It ended before it listened."""

    def __init__(self, code: int, says: str) -> None:
        super().__init__(f"the daemon ended with {code} before it listened:\n{says[-6000:]}")
        self.code = code
        self.says = says


class Server:
    """It keeps its port over restarts; its log stands in `folder`, beside the store or not."""

    def __init__(self, program: str, folder: str, store: str, settings: dict[str, object],
                 environment: dict[str, str] | None = None) -> None:
        self._program = program
        self._within: list[str] = []
        self._log = f"{folder}/log"
        self._store = store
        self._settings = settings
        self._environment = dict(os.environ, **(environment or {}))
        self._port = 0
        self._process: subprocess.Popen | None = None
        self.address = ""

    def set(self, key: str, value: object) -> None:
        """A setting, from the next start on."""
        self._settings[key] = value

    def set_environment(self, name: str, value: str | None) -> None:
        """Of the next start; None: without it."""
        self._environment.pop(name, None)
        if value is not None:
            self._environment[name] = value

    def run_within(self, command: list[str]) -> None:
        """Of the next start: the program is run by that command, which becomes it (as nsenter)."""
        self._within = command

    def start(self) -> None:
        said = self._log_size()
        settings = {"server.listen": f"127.0.0.1:{self._port}", "storage.path": self._store,
                    **self._settings}
        command = [*self._within, self._program]
        for key, value in settings.items():
            command += ["--set", f"{key}={value}"]
        with open(self._log, "a", encoding="utf-8") as log:
            self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True,
                                             env=self._environment)
        lines: queue.Queue[str | None] = queue.Queue()
        threading.Thread(target=self._read, args=(self._process.stdout, lines),
                         daemon=True).start()
        line = lines.get(timeout=START_TIMEOUT_S)
        if line is None or not line.startswith("listening on "):
            code = self._process.wait(timeout=STOP_TIMEOUT_S)
            raise DidNotStart(code, self.log()[said:])
        self.address = line.split()[-1]
        self._port = int(self.address.rsplit(":", 1)[1])

    @staticmethod
    def _read(stream, lines: queue.Queue) -> None:
        with stream:
            for line in stream:
                lines.put(line)
        lines.put(None)

    def pid(self) -> int:
        return self._process.pid

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def pause(self) -> None:
        self._process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self._process.send_signal(signal.SIGCONT)

    def wait(self) -> int:
        """Its exit code, once it has ended by itself."""
        return self._process.wait(timeout=STOP_TIMEOUT_S)

    def terminate(self) -> None:
        self._process.terminate()

    def stop(self) -> int:
        """SIGTERM; its exit code."""
        self.terminate()
        return self.wait()

    def end(self) -> None:
        """Whatever it is doing."""
        if self.is_running():
            self.kill()

    def verify(self) -> str:
        """What is wrong with the store, which nobody has open; empty if nothing is."""
        done = subprocess.run([self._program, "--verify", "--set", f"storage.path={self._store}"],
                              text=True, capture_output=True, check=False)
        return "" if done.returncode == 0 else f"--verify: {done.stdout}{done.stderr}"

    def log(self) -> str:
        with open(self._log, encoding="utf-8") as log:
            return log.read()

    def _log_size(self) -> int:
        return len(self.log()) if os.path.exists(self._log) else 0
