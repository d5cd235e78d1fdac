package main

import (
	"encoding/json"
	"fmt"
	_ "unsafe"

	"github.com/argoproj/argo-rollouts/pkg/apis/rollouts/v1alpha1"
	"github.com/argoproj/argo-rollouts/pkg/apis/rollouts/validation"
	"github.com/argoproj/argo-rollouts/utils/replicaset"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

//go:linkname byRatio github.com/argoproj/argo-rollouts/utils/replicaset.approximateWeightedCanaryStableReplicaCounts
func byRatio(specReplicas, desiredWeight, maxWeight, maxSurge int32) (int32, int32)

type ratio struct {
	Replicas int32 `json:"replicas"`
	Weight   int32 `json:"weight"`
	Surge    int32 `json:"surge"`
}

func ratios(asked []byte) any {
	return each(asked, func(one ratio) any {
		canary, stable := byRatio(one.Replicas, one.Weight, 100, one.Surge)
		return [2]int32{canary, stable}
	})
}

// A step of a Rollout with a router, and the weight that its canary really has.
type atStep struct {
	Rollout v1alpha1.Rollout `json:"rollout"`
	Step    int32            `json:"step"`
	Real    *int32           `json:"real"`
}

func routed(asked []byte) any {
	return each(asked, func(one atStep) any {
		rollout := one.Rollout
		rollout.Status.StableRS, rollout.Status.CurrentPodHash = "stable", "canary"
		rollout.Status.CurrentStepIndex = &one.Step
		var weights *v1alpha1.TrafficWeights
		if one.Real != nil {
			weights = &v1alpha1.TrafficWeights{
				Canary: v1alpha1.WeightDestination{Weight: *one.Real},
				Stable: v1alpha1.WeightDestination{Weight: 100 - *one.Real},
			}
		}
		canary, stable := replicaset.CalculateReplicaCountsForTrafficRoutedCanary(&rollout, replicaSet("canary"), replicaSet("stable"), weights)
		weight := replicaset.GetCurrentSetWeight(&rollout)
		return map[string]int32{"canary": canary, "stable": stable, "weight": weight}
	})
}

func replicaSet(name string) *appsv1.ReplicaSet {
	return &appsv1.ReplicaSet{ObjectMeta: metav1.ObjectMeta{Name: name}}
}

// rollouts says of each what Argo refuses: the field, and why.
func rollouts(asked []byte) any {
	return each(asked, func(one json.RawMessage) any {
		var rollout v1alpha1.Rollout
		if err := json.Unmarshal(one, &rollout); err != nil {
			return []string{fmt.Sprintf("unread: %v", err)}
		}
		found := []string{}
		for _, problem := range validation.ValidateRollout(&rollout) {
			found = append(found, problem.Field)
		}
		return found
	})
}
