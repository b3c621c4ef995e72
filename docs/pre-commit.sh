#!/bin/sh
# As .git/hooks/pre-commit in a repository of policies: what is staged is formatted, checked, tested, proven, and compared with the last commit.
# Policies lie in policies/, agreed changes in accepted-changes.
set -eu
staged=$(mktemp -d)
trap 'rm -rf "$staged"' EXIT

git checkout-index --all --prefix="$staged/new/"
npx reeve fmt --fail --list "$staged/new/policies"
npx reeve check --strict "$staged/new/policies"
npx reeve test "$staged/new/policies"
npx reeve prove "$staged/new/policies" --seed 1 --runs 2000 --no-keep

if git rev-parse --quiet --verify HEAD:policies > /dev/null; then
  mkdir "$staged/old"
  git archive HEAD policies | tar -x -C "$staged/old"
  touch "$staged/new/accepted-changes"
  npx reeve diff "$staged/old/policies" "$staged/new/policies" --seed 1 --runs 5000 --accept "$staged/new/accepted-changes"
fi
