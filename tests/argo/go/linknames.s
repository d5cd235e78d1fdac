// Functions without a body are allowed in a package with an assembly file: they are names of Argo's.
