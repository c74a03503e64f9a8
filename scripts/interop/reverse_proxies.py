"""Starts the proxies with the settings in `proxies/`, in front of a server of the suite."""

import re

PROXIES = {
    "nginx": "nginx",
    "apache": "Apache",
    "haproxy": "HAProxy",
    "caddy": "Caddy",
    "varnish": "Varnish",
    "h2o": "h2o",
    "squid": "Squid",
    "lighttpd": "lighttpd",
    "middleware": "http-proxy",
}
PACKAGES = {"apache": "apache2"}
MIDDLEWARE = ["express@5.3.0", "compression@1.8.2", "http-proxy@1.18.1"]
# If a proxy needs a setting, all other checks of it use the listener that has the setting.
BEST = {"haproxy": "no_delay", "lighttpd": "stream", "middleware": "closing"}


class Proxies:
    """Starts proxies in front of one server. Each has a port for each of its listeners."""

    def __init__(self, suite, upstream):
        self.suite = suite
        self.upstream = upstream
        self.ports = {}
        self.versions = {}

    def start(self, name):
        package = PACKAGES.get(name, name)
        if name != "middleware":
            self.suite.apt(package)
        self.versions[name] = self.suite.debian_version(package)
        getattr(self, f"start_{name}")(name)

    def url(self, name, listener=None):
        port = self.ports[name, listener or BEST.get(name, "default")]
        return f"http://127.0.0.1:{port}"

    def start_nginx(self, name):
        conf, port = self.configure(name, "nginx.conf")
        log = self.suite.work / "nginx-start.log"
        self.run(name, ["nginx", "-p", self.suite.work, "-e", log, "-c", conf], port)

    def start_apache(self, name):
        conf, port = self.configure(name, "apache.conf")
        self.run(name, ["apache2", "-D", "FOREGROUND", "-f", conf], port)

    def start_haproxy(self, name):
        conf, port = self.configure(name, "haproxy.cfg")
        self.run(name, ["haproxy", "-db", "-f", conf], port)

    def start_caddy(self, name):
        conf, port = self.configure(name, "Caddyfile")
        home = {
            "HOME": self.suite.work,
            "XDG_DATA_HOME": self.suite.work,
            "XDG_CONFIG_HOME": self.suite.work,
        }
        self.run(name, ["caddy", "run", "--adapter", "caddyfile", "--config", conf], port, home)

    def start_varnish(self, name):
        for listener, file in [("default", "varnish.vcl"), ("gzip", "varnish-gzip.vcl")]:
            conf, _ = self.configure(name, file)
            port = self.ports[name, listener] = self.suite.port()
            state = self.suite.work / f"varnish-{listener}"
            listen = ["-a", f"127.0.0.1:{port}", "-T", "none", "-n", state, "-s", "malloc,16m"]
            self.run(name, ["varnishd", "-F", "-j", "none", "-f", conf, *listen], port)

    def start_h2o(self, name):
        conf, port = self.configure(name, "h2o.yaml")
        self.run(name, ["h2o", "-m", "worker", "-c", conf], port)

    def start_squid(self, name):
        conf, port = self.configure(name, "squid.conf")
        (self.suite.work / "squid-cache.log").touch(0o666)
        self.run(name, ["squid", "-N", "-f", conf], port)

    def start_lighttpd(self, name):
        conf, port = self.configure(name, "lighttpd.conf")
        self.run(name, ["lighttpd", "-D", "-f", conf], port)

    def start_middleware(self, name):
        self.versions[name] = ", ".join(MIDDLEWARE).replace("@", " ")
        modules = self.suite.npm(*MIDDLEWARE)
        # Node looks for packages beside the program.
        program, _ = self.configure(name, "middleware.mjs", modules)
        for listener in ("default", "closing", "gzip"):
            self.ports[name, listener] = self.suite.port()
        ports = [port for (proxy, _), port in self.ports.items() if proxy == name]
        self.run(name, ["node", program, self.upstream, *ports], ports[-1])

    def configure(self, name, file, folder=None):
        """Copies a file with each `@word@` replaced. Returns the copy and the default port."""
        text = (self.suite.root / "scripts/interop/proxies" / file).read_text(encoding="utf-8")

        def value(found):
            fixed = {"work": self.suite.work, "upstream": self.upstream}
            word = found[1]
            return str(fixed.get(word) or self.ports.setdefault((name, word), self.suite.port()))

        copy = (folder or self.suite.work) / file
        copy.write_text(re.sub(r"@(\w+)@", value, text), encoding="utf-8")
        return copy, self.ports.get((name, "default"))

    def run(self, name, argv, port, env=None):
        self.suite.start(name, argv, ready=("port", port), env=env)
