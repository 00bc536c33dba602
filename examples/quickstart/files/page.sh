#!/bin/sh
# Runs in the image: writes the page that the server answers with.
set -eu
cat > /srv/www/index.html <<PAGE
<!doctype html>
<title>$TITLE</title>
<h1>$TITLE</h1>
<p>Image $IMAGEBAKE_IMAGE, source $IMAGEBAKE_SOURCE.</p>
PAGE
ls -l /srv/www
