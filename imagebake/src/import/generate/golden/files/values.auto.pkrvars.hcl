# Changed more often than the rest.
packages = ["nginx", "a \"b\" é"]
labels = {
  team      = "platform"
  "with.dot" = "$${x} %%{y}"
}
size   = { memory = 2048, cpus = 4 }
vmName = "web-1"
