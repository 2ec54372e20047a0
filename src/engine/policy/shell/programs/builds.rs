//! Builds and tests: what the project's own files say is run, by the rule's own will.

use super::Program;
use super::one_dash;
use super::program;
use crate::engine::policy::shell::harmless::Operands;

/// What the commands of cargo that build take alike.
macro_rules! cargo_and {
    ($more:literal) => {
        concat!(
            "-p: -F: -j: -r -q -v --package: --workspace --all --exclude: --lib --bins --bin: --tests --test: --examples \
    --example: --benches --bench: --all-targets --features: --all-features --no-default-features --release --profile: \
    --locked --offline --frozen --jobs: --keep-going --message-format: --color: --timings --future-incompat-report --verbose --quiet --ignore-rust-version --unit-graph",
            $more
        )
    };
}
const CARGO: &str = cargo_and!("");
/// Options of the programs that `cargo test` builds stand behind its own.
const CARGO_TEST: &str = cargo_and!(
    " --doc --no-run --no-fail-fast --nocapture --no-capture --test-threads: --ignored --include-ignored --exact --skip: --show-output --list"
);
const CLIPPY: &str = cargo_and!(" -D: -W: -A: --no-deps");

/// Options of the runners that `npm test --` and its kin hand on to.
const RUNNER: &str = "-t~ -i -b -u -w: --testNamePattern~ --testPathPattern: --testPathPatterns: --run --watch= --watchAll= --coverage= --verbose= --silent= \
    --bail= --runInBand --ci --passWithNoTests --no-coverage --no-watch --findRelatedTests --onlyChanged --changed= --grep~ -g~ \
    --forbid-only --retries: --timeout: --testTimeout: --test-timeout: --maxWorkers: --workers: --shard: --project: --no-color --color= \
    --detectOpenHandles --forceExit --listTests --list --headed --reporter= --no-cache --logHeapUsage --expand --repeat-each: \
    --max-failures: --last-failed --only-changed --quiet --dir: --no-file-parallelism --pool: --isolate= --allowOnly --hideSkippedTests";

/// What stands behind `--` of a script that tests.
pub(in super::super) static TEST_RUNNER: Program = program("npm test --", RUNNER, Operands::Names);

const PYTEST: &str = "-q -v -x -s -l -k~ -m~ -r: -n: --maxfail: --tb: --lf --ff --nf --sw --last-failed --failed-first --new-first --stepwise \
    --exitfirst --collect-only --durations: --durations-min: --no-header --no-summary --verbose --quiet --capture: --co --disable-warnings \
    --no-cov --cov= --cov-report: --showlocals --color: --strict-markers --runxfail --deselect: --ignore: --ignore-glob: --timeout: --setup-show \
    --fixtures --markers --cache-show= -vv -vvv -rA -ra";
const RUFF: &str = "--select: --ignore: --extend-select: --statistics --output-format: --diff --show-files --no-cache --quiet -q -v --preview \
    --exit-zero --line-length: --target-version: --isolated";
const MYPY: &str = "--strict --ignore-missing-imports --no-error-summary --show-error-codes --pretty --no-incremental -v --follow-imports: \
    --exclude: -p: -m: --namespace-packages --explicit-package-bases --check-untyped-defs --no-color-output --show-column-numbers --warn-unused-ignores";
const TSC: &str = "--noEmit -p: --project: --pretty= --skipLibCheck --strict --listFiles --incremental= --showConfig --traceResolution";
const ESLINT: &str = "--ext: --quiet --max-warnings: --format: -f: --no-color --color --cache --report-unused-disable-directives --ignore-pattern: \
    --no-error-on-unmatched-pattern --rule~ --env: --debug --no-inline-config";
const PRETTIER: &str =
    "-c -l --check --list-different --ignore-unknown --no-error-on-unmatched-pattern --log-level: --no-color -u";

pub(super) const PROGRAMS: &[Program] = &[
    // Building and testing: what the project's own files say is run, by the rule's own will.
    program("cargo test", CARGO_TEST, Operands::Text),
    program("cargo bench", CARGO_TEST, Operands::Text),
    program("cargo check", CARGO, Operands::None),
    program("cargo build", CARGO, Operands::None),
    program(
        "cargo doc",
        "-p: -q -v --package: --workspace --no-deps --document-private-items --locked --offline --all-features",
        Operands::None,
    ),
    program("cargo clippy", CLIPPY, Operands::None),
    program("cargo fmt", "-p: -q -v --all --check --package:", Operands::None),
    program(
        "cargo tree",
        "-p: -i: -e: -d -f: --package: --invert= --edges: --duplicates --depth: --prefix: --workspace --locked --offline",
        Operands::None,
    ),
    program("cargo metadata", "-q --no-deps --format-version: --locked --offline --all-features", Operands::None),
    program("npm test", "-s --silent", Operands::None),
    program("npm run", "-s --silent --if-present", Operands::None),
    program("npm ls", "-a -l --all --long --json --parseable --depth: --omit:", Operands::Plain),
    program("npm ci", "-s --silent --ignore-scripts --no-audit --no-fund", Operands::None),
    program("npm install", "-s --silent --ignore-scripts --no-audit --no-fund", Operands::None),
    one_dash(
        "go test",
        "-v -run~ -skip~ -count: -race -short -timeout: -cover -coverpkg: -bench~ -benchmem -benchtime: -failfast -json -parallel: -p: -list~ -shuffle: -tags: -cpu: -fuzz~ -fuzztime: -vet:",
        Operands::Names,
    ),
    one_dash("go vet", "-v -json -tags:", Operands::Names),
    one_dash("go build", "-v -race -tags: -trimpath", Operands::Names),
    one_dash("go list", "-m -json -deps -test -u -f~ -e -versions", Operands::Names),
    program(
        "cargo nextest run",
        "-p: -E~ -j: -F: --package: --workspace --all --lib --bins --bin: --test: --tests --all-features --features: --no-capture \
        --no-fail-fast --release --profile: --retries: --run-ignored: --status-level: --failure-output: --success-output: --partition: \
        --test-threads: --locked --offline --filter-expr~",
        Operands::Text,
    ),
    program("cargo nextest list", "-p: -E~ --package: --workspace --all-features", Operands::Text),
    program("cargo deny check", "", Operands::OneOf(&["advisories", "bans", "licenses", "sources"])),
    program("cargo machete", "", Operands::None),
    program("cargo udeps", CARGO, Operands::None),
    program("cargo audit", "-q --quiet --deny: --json", Operands::None),
    program("cargo pkgid", "-p:", Operands::None),
    program("cargo locate-project", "--workspace --message-format:", Operands::None),
    program("rustfmt", "--check --edition: -l -v -q", Operands::Files),
    program("rustup show", "", Operands::OneOf(&["active-toolchain", "home", "profile"])),
    program("rustup toolchain list", "-v", Operands::None),
    program("rustup target list", "--installed", Operands::None),
    program("rustup component list", "--installed", Operands::None),
    program("npm outdated", "-a -l --all --long --json", Operands::None),
    program("npm t", "-s --silent", Operands::None),
    program("npm explain", "--json", Operands::Plain),
    program("npm why", "--json", Operands::Plain),
    program("npm pkg get", "", Operands::Plain),
    program("pnpm test", "-s -r --silent --recursive", Operands::None),
    program("pnpm run", "-s -r --silent --recursive --if-present", Operands::None),
    program("pnpm lint", "", Operands::None),
    program("pnpm build", "", Operands::None),
    program("pnpm typecheck", "", Operands::None),
    program("pnpm list", "-r --depth: --json --prod --dev", Operands::None),
    program("pnpm ls", "-r --depth: --json --prod --dev", Operands::None),
    program("pnpm why", "-r --json", Operands::Plain),
    program("pnpm outdated", "-r", Operands::None),
    program("yarn test", "", Operands::None),
    program("yarn lint", "", Operands::None),
    program("yarn build", "", Operands::None),
    program("yarn typecheck", "", Operands::None),
    program("yarn run", "-s --silent", Operands::None),
    program("yarn why", "", Operands::Plain),
    program("yarn list", "--depth: --json --pattern:", Operands::None),
    program("bun test", "-t~ --timeout: --bail= --only --todo --rerun-each: --coverage", Operands::Names),
    program("bun run", "-s --silent", Operands::None),
    program("node --check", "", Operands::Files),
    program(
        "node --test",
        "--test-name-pattern~ --test-only --test-reporter: --test-concurrency: --test-timeout:",
        Operands::Files,
    ),
    program("tsc", TSC, Operands::None),
    program("eslint", ESLINT, Operands::Files),
    program("prettier", PRETTIER, Operands::Checked(&["-c", "-l", "--check", "--list-different"])),
    program("npx tsc", TSC, Operands::None),
    program("npx eslint", ESLINT, Operands::Files),
    program("npx prettier", PRETTIER, Operands::Checked(&["-c", "-l", "--check", "--list-different"])),
    program("npx vitest", RUNNER, Operands::Names),
    program("npx vitest run", RUNNER, Operands::Names),
    program("npx jest", RUNNER, Operands::Names),
    program("npx mocha", RUNNER, Operands::Names),
    program("npx playwright test", RUNNER, Operands::Names),
    program("npx vue-tsc", TSC, Operands::None),
    program("npx svelte-check", "--threshold: --output:", Operands::None),
    program("npx biome check", "--max-diagnostics: --diagnostic-level: --colors:", Operands::Files),
    program("npx biome lint", "--max-diagnostics: --diagnostic-level: --colors:", Operands::Files),
    program("npx tsd", "", Operands::None),
    program("npx knip", "", Operands::None),
    program("npx depcheck", "", Operands::None),
    program("npx stylelint", "--formatter: --quiet --max-warnings:", Operands::Files),
    program("pytest", PYTEST, Operands::Names),
    program("python -m pytest", PYTEST, Operands::Names),
    program("python3 -m pytest", PYTEST, Operands::Names),
    program("uv run pytest", PYTEST, Operands::Names),
    program("poetry run pytest", PYTEST, Operands::Names),
    program("pipenv run pytest", PYTEST, Operands::Names),
    program("python -m unittest", "-v -q -f -b -k~ --verbose --quiet --failfast --buffer --locals", Operands::Plain),
    program("python3 -m unittest", "-v -q -f -b -k~ --verbose --quiet --failfast --buffer --locals", Operands::Plain),
    program("python -m py_compile", "", Operands::Files),
    program("python3 -m py_compile", "", Operands::Files),
    program("python -m compileall", "-q", Operands::Files),
    program("python -m json.tool", "--sort-keys --no-ensure-ascii --indent: --compact", Operands::OneFile),
    program("python3 -m json.tool", "--sort-keys --no-ensure-ascii --indent: --compact", Operands::OneFile),
    program("ruff check", RUFF, Operands::Files),
    program("ruff format --check", "--diff -q --line-length:", Operands::Files),
    program("uv run ruff check", RUFF, Operands::Files),
    program("uv run ruff format --check", "--diff -q --line-length:", Operands::Files),
    program("python -m ruff check", RUFF, Operands::Files),
    program("mypy", MYPY, Operands::Files),
    program("python -m mypy", MYPY, Operands::Files),
    program("uv run mypy", MYPY, Operands::Files),
    program("poetry run mypy", MYPY, Operands::Files),
    program("pyright", "--stats --warnings --level:", Operands::Files),
    program("uv run pyright", "--stats --warnings --level:", Operands::Files),
    program("black --check", "--diff -q -l: -t: --line-length: --fast --color", Operands::Files),
    program("isort --check", "--diff -q --profile: --check-only", Operands::Files),
    program("isort --check-only", "--diff -q --profile: --check", Operands::Files),
    program(
        "flake8",
        "--max-line-length: --select: --ignore: --count --statistics --exclude: --max-complexity: -q",
        Operands::Files,
    ),
    program("pip list", "--outdated --format: -o --not-required", Operands::None),
    program("pip show", "-f --files", Operands::Plain),
    program("pip freeze", "--local -l", Operands::None),
    program("pip check", "", Operands::None),
    program("pip3 list", "--outdated --format: -o --not-required", Operands::None),
    program("pip3 show", "-f --files", Operands::Plain),
    program("python -m pip list", "--outdated --format: -o", Operands::None),
    program("python -m pip show", "-f --files", Operands::Plain),
    program("uv pip list", "--outdated --format:", Operands::None),
    program("uv tree", "--depth: --package: --frozen --locked", Operands::None),
    program("poetry show", "--tree --outdated -t -o -l --latest", Operands::Plain),
    program("poetry check", "--lock", Operands::None),
    one_dash("go version", "", Operands::None),
    one_dash("go doc", "-all -short -src -u -c", Operands::Plain),
    one_dash("go mod verify", "", Operands::None),
    one_dash("go mod graph", "", Operands::None),
    one_dash("go mod why", "-m", Operands::Plain),
    one_dash(
        "go env",
        "",
        Operands::OneOf(&["GOPATH", "GOROOT", "GOVERSION", "GOOS", "GOARCH", "GOMOD", "GOWORK", "CGO_ENABLED"]),
    ),
    one_dash("go fmt", "-n -x", Operands::Names),
    program("gofmt", "-l -d -e -s", Operands::Files),
    program(
        "golangci-lint run",
        "--timeout: --fast --new --new-from-rev: -E: -D: --tests= --build-tags: --max-issues-per-linter: --max-same-issues: -v",
        Operands::Names,
    ),
    program("staticcheck", "-f: -tests= -checks:", Operands::Names),
    program("make", "-s -k -j= -n --silent --keep-going --dry-run --no-print-directory", Operands::None),
    program(
        "curl",
        "-s -S -f -I -L -m: --silent --show-error --fail --head --location --max-time: --compressed",
        Operands::None,
    ),
];
