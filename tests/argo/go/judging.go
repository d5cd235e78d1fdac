package main

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"runtime/debug"
	"strings"
	"sync"
	"time"
	_ "unsafe"

	"github.com/argoproj/argo-rollouts/analysis"
	"github.com/argoproj/argo-rollouts/pkg/apis/rollouts/v1alpha1"
	fakeargo "github.com/argoproj/argo-rollouts/pkg/client/clientset/versioned/fake"
	argoinformers "github.com/argoproj/argo-rollouts/pkg/client/informers/externalversions"
	"github.com/argoproj/argo-rollouts/utils/evaluate"
	"github.com/argoproj/argo-rollouts/utils/record"
	timeutil "github.com/argoproj/argo-rollouts/utils/time"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/util/jsonpath"
	"k8s.io/client-go/util/workqueue"
)

// The controller's own step, from one state of a run to the next.
//
//go:linkname reconcile github.com/argoproj/argo-rollouts/analysis.(*Controller).reconcileAnalysisRun
func reconcile(c *analysis.Controller, run *v1alpha1.AnalysisRun) *v1alpha1.AnalysisRun

// A condition, and what it is about: a number that JSON doesn't have is a text.
type condition struct {
	Condition string          `json:"condition"`
	Kind      string          `json:"kind"`
	Value     json.RawMessage `json:"value"`
}

func conditions(asked []byte) any {
	return each(asked, func(one condition) any {
		return contained(func() any {
			holds, err := evaluate.EvalCondition(one.result(), one.Condition)
			if err != nil {
				return map[string]any{"error": err.Error()}
			}
			return map[string]any{"holds": holds}
		})
	})
}

func (c condition) result() any {
	switch c.Kind {
	case "scalar":
		var text string
		must(json.Unmarshal(c.Value, &text))
		return number(text)
	case "vector":
		var texts []string
		must(json.Unmarshal(c.Value, &texts))
		numbers := make([]float64, len(texts))
		for i, text := range texts {
			numbers[i] = number(text)
		}
		return numbers
	default:
		var value any
		must(json.Unmarshal(c.Value, &value))
		return value
	}
}

func number(text string) float64 {
	switch text {
	case "NaN":
		return math.NaN()
	case "+Inf":
		return math.Inf(1)
	case "-Inf":
		return math.Inf(-1)
	}
	var value float64
	must(json.Unmarshal([]byte(text), &value))
	return value
}

type path struct {
	Path string `json:"path"`
	JSON any    `json:"json"`
}

func paths(asked []byte) any {
	return each(asked, func(one path) any {
		return contained(func() any {
			parser := jsonpath.New("metrics")
			if err := parser.Parse(one.Path); err != nil {
				return map[string]any{"error": err.Error()}
			}
			blocks, err := parser.FindResults(one.JSON)
			if err != nil {
				return map[string]any{"error": err.Error()}
			}
			found := [][]any{}
			for _, block := range blocks {
				values := []any{}
				for _, value := range block {
					values = append(values, value.Interface())
				}
				found = append(found, values)
			}
			return map[string]any{"found": found}
		})
	})
}

// A run of metrics: what Prometheus answers to each, measurement by measurement.
type run struct {
	Metrics []v1alpha1.Metric `json:"metrics"`
	DryRun  []v1alpha1.DryRun `json:"dryRun"`
	// By the metric's name: bodies of answers, empty for a server that fails.
	Answers map[string][]string `json:"answers"`
}

type verdict struct {
	Run     string            `json:"run"`
	Metrics map[string]string `json:"metrics"`
	Seen    map[string]string `json:"seen"`
}

// prometheus answers what the run that is asked has for its next measurement.
type prometheus struct {
	answers map[string][]string
	next    map[string]int
	lock    sync.Mutex
}

func (p *prometheus) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	must(r.ParseForm())
	p.lock.Lock() // Metrics are measured side by side.
	defer p.lock.Unlock()
	name := r.Form.Get("query")
	at := p.next[name]
	p.next[name] = at + 1
	if at >= len(p.answers[name]) || p.answers[name][at] == "" {
		http.Error(w, "no answer", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	fmt.Fprintf(w, `{"status":"success","data":%s}`, p.answers[name][at])
}

func (p *prometheus) isOver() bool {
	for name, answers := range p.answers {
		if p.next[name] < len(answers) {
			return false
		}
	}
	return true
}

func runs(asked []byte) any {
	server := &prometheus{}
	http := httptest.NewServer(server)
	defer http.Close()
	controller := newController()
	return each(asked, func(one run) any {
		server.answers, server.next = one.Answers, map[string]int{}
		return one.judged(controller, server, http.URL)
	})
}

// judged measures until all answers are used, or the run has ended.
func (r run) judged(controller *analysis.Controller, server *prometheus, address string) verdict {
	for i := range r.Metrics {
		r.Metrics[i].Provider.Prometheus = &v1alpha1.PrometheusMetric{Address: address, Query: r.Metrics[i].Name}
	}
	now := time.Unix(1_000_000_000, 0)
	timeutil.SetNowTimeFunc(func() time.Time { return now })
	state := &v1alpha1.AnalysisRun{
		ObjectMeta: metav1.ObjectMeta{Name: "run", Namespace: "default"},
		Spec:       v1alpha1.AnalysisRunSpec{Metrics: r.Metrics, DryRun: r.DryRun},
	}
	seen := map[string]string{}
	for i := 0; i < 500 && !state.Status.Phase.Completed(); i++ {
		isOver := server.isOver()
		before := counts(state)
		next := reconcile(controller, state)
		if isOver && measured(before, next) {
			break // It asked for more than there is.
		}
		state = next
		for _, result := range state.Status.MetricResults {
			if count := len(result.Measurements); count > 0 && result.Count+result.Error > before[result.Name] {
				seen[result.Name] += letter(result.Measurements[count-1].Phase)
			}
		}
		now = now.Add(11 * time.Second)
	}
	phases := map[string]string{}
	for _, result := range state.Status.MetricResults {
		phases[result.Name] = string(result.Phase)
	}
	return verdict{Run: string(state.Status.Phase), Metrics: phases, Seen: seen}
}

func counts(run *v1alpha1.AnalysisRun) map[string]int32 {
	counts := map[string]int32{}
	for _, result := range run.Status.MetricResults {
		counts[result.Name] = result.Count + result.Error
	}
	return counts
}

func measured(before map[string]int32, run *v1alpha1.AnalysisRun) bool {
	for name, count := range counts(run) {
		if count > before[name] {
			return true
		}
	}
	return false
}

func letter(phase v1alpha1.AnalysisPhase) string {
	return strings.ToUpper(string(phase))[:1]
}

func newController() *analysis.Controller {
	kube := fake.NewSimpleClientset()
	argo := fakeargo.NewSimpleClientset()
	jobs := informers.NewSharedInformerFactory(kube, 0)
	own := argoinformers.NewSharedInformerFactory(argo, 0)
	return analysis.NewController(analysis.ControllerConfig{
		KubeClientSet:        kube,
		ArgoProjClientset:    argo,
		AnalysisRunInformer:  own.Argoproj().V1alpha1().AnalysisRuns(),
		JobInformer:          jobs.Batch().V1().Jobs(),
		JobPodsInformer:      jobs.Core().V1().Pods(),
		AnalysisRunWorkQueue: workqueue.NewRateLimitingQueue(workqueue.DefaultControllerRateLimiter()),
		Recorder:             record.NewFakeEventRecorder(),
	})
}

// versions of the modules that answer.
func versions([]byte) any {
	found := map[string]string{}
	info, _ := debug.ReadBuildInfo()
	for _, module := range info.Deps {
		found[module.Path] = module.Version
	}
	return found
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
