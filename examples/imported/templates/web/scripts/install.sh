#!/bin/sh
set -eu
apt-get $QUIET update
apt-get $QUIET install -y $PACKAGES
