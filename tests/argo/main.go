package main

import (
	_ "github.com/argoproj/argo-rollouts/analysis"
	_ "github.com/argoproj/argo-rollouts/pkg/apis/rollouts/validation"
	_ "github.com/argoproj/argo-rollouts/pkg/client/clientset/versioned/fake"
	_ "github.com/argoproj/argo-rollouts/utils/replicaset"
	_ "github.com/argoproj/argo-rollouts/utils/analysis"
	_ "github.com/argoproj/argo-rollouts/utils/record"
	_ "k8s.io/client-go/kubernetes/fake"
	_ "k8s.io/client-go/util/jsonpath"
)

func main() {}
