#!/bin/sh
printf 'Content-Type: text/plain\r\n\r\n%s, it is %s\n' "$GREETING" "$(date -u +%H:%M)"
