#!/bin/sh
# Writes the page; runs in the image.
set -e
mkdir -p /srv
cat > /srv/page.txt <<END
$TITLE

$LINES
END
