/**
 * The protobuf messages of the Kubernetes API as a table: field numbers are those of the generated.proto files of
 * k8s.io/api and k8s.io/apimachinery, version 1.32. Knows numbers and types only.
 */

/**
 * A message per line: its name, then `field=number` with its type. No mark is a string; `#` an integer, `?` a boolean,
 * `%` bytes, `.` a double, `:Name` a message (of the same package when it has no dot). `*` is repeated, `{}` a map from strings.
 */
export const MESSAGES = `
core.v1.ConfigMap metadata=1:meta.v1.ObjectMeta immutable=4? data=2{} binaryData=3{}%
core.v1.Endpoints metadata=1:meta.v1.ObjectMeta subsets=2*:EndpointSubset
core.v1.EndpointSubset addresses=1*:EndpointAddress notReadyAddresses=2*:EndpointAddress ports=3*:EndpointPort
core.v1.EndpointAddress ip=1 targetRef=2:ObjectReference hostname=3 nodeName=4
core.v1.EndpointPort name=1 port=2# protocol=3 appProtocol=4
core.v1.Event metadata=1:meta.v1.ObjectMeta involvedObject=2:ObjectReference reason=3 message=4 source=5:EventSource firstTimestamp=6:meta.v1.Time lastTimestamp=7:meta.v1.Time count=8# type=9 eventTime=10:meta.v1.MicroTime series=11:EventSeries action=12 related=13:ObjectReference reportingComponent=14 reportingInstance=15
core.v1.Namespace metadata=1:meta.v1.ObjectMeta spec=2:NamespaceSpec status=3:NamespaceStatus
core.v1.Node metadata=1:meta.v1.ObjectMeta spec=2:NodeSpec status=3:NodeStatus
core.v1.PersistentVolumeClaim metadata=1:meta.v1.ObjectMeta spec=2:PersistentVolumeClaimSpec status=3:PersistentVolumeClaimStatus
core.v1.Pod metadata=1:meta.v1.ObjectMeta spec=2:PodSpec status=3:PodStatus
core.v1.Secret metadata=1:meta.v1.ObjectMeta immutable=5? data=2{}% stringData=4{} type=3
core.v1.ServiceAccount metadata=1:meta.v1.ObjectMeta secrets=2*:ObjectReference imagePullSecrets=3*:LocalObjectReference automountServiceAccountToken=4?
core.v1.Service metadata=1:meta.v1.ObjectMeta spec=2:ServiceSpec status=3:ServiceStatus
core.v1.Binding metadata=1:meta.v1.ObjectMeta target=2:ObjectReference
apps.v1.ControllerRevision metadata=1:meta.v1.ObjectMeta data=2:runtime.RawExtension revision=3#
apps.v1.DaemonSet metadata=1:meta.v1.ObjectMeta spec=2:DaemonSetSpec status=3:DaemonSetStatus
apps.v1.Deployment metadata=1:meta.v1.ObjectMeta spec=2:DeploymentSpec status=3:DeploymentStatus
apps.v1.ReplicaSet metadata=1:meta.v1.ObjectMeta spec=2:ReplicaSetSpec status=3:ReplicaSetStatus
apps.v1.StatefulSet metadata=1:meta.v1.ObjectMeta spec=2:StatefulSetSpec status=3:StatefulSetStatus
batch.v1.CronJob metadata=1:meta.v1.ObjectMeta spec=2:CronJobSpec status=3:CronJobStatus
batch.v1.Job metadata=1:meta.v1.ObjectMeta spec=2:JobSpec status=3:JobStatus
coordination.v1.Lease metadata=1:meta.v1.ObjectMeta spec=2:LeaseSpec
discovery.v1.EndpointSlice metadata=1:meta.v1.ObjectMeta addressType=4 endpoints=2*:Endpoint ports=3*:EndpointPort
events.v1.Event metadata=1:meta.v1.ObjectMeta eventTime=2:meta.v1.MicroTime series=3:EventSeries reportingController=4 reportingInstance=5 action=6 reason=7 regarding=8:core.v1.ObjectReference related=9:core.v1.ObjectReference note=10 type=11 deprecatedSource=12:core.v1.EventSource deprecatedFirstTimestamp=13:meta.v1.Time deprecatedLastTimestamp=14:meta.v1.Time deprecatedCount=15#
networking.v1.IngressClass metadata=1:meta.v1.ObjectMeta spec=2:IngressClassSpec
networking.v1.Ingress metadata=1:meta.v1.ObjectMeta spec=2:IngressSpec status=3:IngressStatus
networking.v1.NetworkPolicy metadata=1:meta.v1.ObjectMeta spec=2:NetworkPolicySpec
policy.v1.PodDisruptionBudget metadata=1:meta.v1.ObjectMeta spec=2:PodDisruptionBudgetSpec status=3:PodDisruptionBudgetStatus
policy.v1.Eviction metadata=1:meta.v1.ObjectMeta deleteOptions=2:meta.v1.DeleteOptions
scheduling.v1.PriorityClass metadata=1:meta.v1.ObjectMeta value=2# globalDefault=3? description=4 preemptionPolicy=5
rbac.v1.ClusterRoleBinding metadata=1:meta.v1.ObjectMeta subjects=2*:Subject roleRef=3:RoleRef
rbac.v1.ClusterRole metadata=1:meta.v1.ObjectMeta rules=2*:PolicyRule aggregationRule=3:AggregationRule
rbac.v1.RoleBinding metadata=1:meta.v1.ObjectMeta subjects=2*:Subject roleRef=3:RoleRef
rbac.v1.Role metadata=1:meta.v1.ObjectMeta rules=2*:PolicyRule
authentication.v1.SelfSubjectReview metadata=1:meta.v1.ObjectMeta status=2:SelfSubjectReviewStatus
authentication.v1.TokenRequest metadata=1:meta.v1.ObjectMeta spec=2:TokenRequestSpec status=3:TokenRequestStatus
authorization.v1.SelfSubjectAccessReview metadata=1:meta.v1.ObjectMeta spec=2:SelfSubjectAccessReviewSpec status=3:SubjectAccessReviewStatus
authorization.v1.SelfSubjectRulesReview metadata=1:meta.v1.ObjectMeta spec=2:SelfSubjectRulesReviewSpec status=3:SubjectRulesReviewStatus
autoscaling.v1.Scale metadata=1:meta.v1.ObjectMeta spec=2:ScaleSpec status=3:ScaleStatus
meta.v1.DeleteOptions gracePeriodSeconds=1# preconditions=2:Preconditions orphanDependents=3? propagationPolicy=4 dryRun=5* ignoreStoreReadErrorWithClusterBreakingPotential=6?
meta.v1.ObjectMeta name=1 generateName=2 namespace=3 selfLink=4 uid=5 resourceVersion=6 generation=7# creationTimestamp=8:meta.v1.Time deletionTimestamp=9:meta.v1.Time deletionGracePeriodSeconds=10# labels=11{} annotations=12{} ownerReferences=13*:OwnerReference finalizers=14* managedFields=17*:ManagedFieldsEntry
core.v1.ObjectReference kind=1 namespace=2 name=3 uid=4 apiVersion=5 resourceVersion=6 fieldPath=7
core.v1.EventSource component=1 host=2
core.v1.EventSeries count=1# lastObservedTime=2:meta.v1.MicroTime
core.v1.NamespaceSpec finalizers=1*
core.v1.NamespaceStatus phase=1 conditions=2*:NamespaceCondition
core.v1.NodeSpec podCIDR=1 podCIDRs=7* providerID=3 unschedulable=4? taints=5*:Taint configSource=6:NodeConfigSource externalID=2
core.v1.NodeStatus capacity=1{}:resource.Quantity allocatable=2{}:resource.Quantity phase=3 conditions=4*:NodeCondition addresses=5*:NodeAddress daemonEndpoints=6:NodeDaemonEndpoints nodeInfo=7:NodeSystemInfo images=8*:ContainerImage volumesInUse=9* volumesAttached=10*:AttachedVolume config=11:NodeConfigStatus runtimeHandlers=12*:NodeRuntimeHandler features=13:NodeFeatures
core.v1.PersistentVolumeClaimSpec accessModes=1* selector=4:meta.v1.LabelSelector resources=2:VolumeResourceRequirements volumeName=3 storageClassName=5 volumeMode=6 dataSource=7:TypedLocalObjectReference dataSourceRef=8:TypedObjectReference volumeAttributesClassName=9
core.v1.PersistentVolumeClaimStatus phase=1 accessModes=2* capacity=3{}:resource.Quantity conditions=4*:PersistentVolumeClaimCondition allocatedResources=5{}:resource.Quantity allocatedResourceStatuses=7{} currentVolumeAttributesClassName=8 modifyVolumeStatus=9:ModifyVolumeStatus
core.v1.PodSpec volumes=1*:Volume initContainers=20*:Container containers=2*:Container ephemeralContainers=34*:EphemeralContainer restartPolicy=3 terminationGracePeriodSeconds=4# activeDeadlineSeconds=5# dnsPolicy=6 nodeSelector=7{} serviceAccountName=8 serviceAccount=9 automountServiceAccountToken=21? nodeName=10 hostNetwork=11? hostPID=12? hostIPC=13? shareProcessNamespace=27? securityContext=14:PodSecurityContext imagePullSecrets=15*:LocalObjectReference hostname=16 subdomain=17 affinity=18:Affinity schedulerName=19 tolerations=22*:Toleration hostAliases=23*:HostAlias priorityClassName=24 priority=25# dnsConfig=26:PodDNSConfig readinessGates=28*:PodReadinessGate runtimeClassName=29 enableServiceLinks=30? preemptionPolicy=31 overhead=32{}:resource.Quantity topologySpreadConstraints=33*:TopologySpreadConstraint setHostnameAsFQDN=35? os=36:PodOS hostUsers=37? schedulingGates=38*:PodSchedulingGate resourceClaims=39*:PodResourceClaim resources=40:ResourceRequirements
core.v1.PodStatus phase=1 conditions=2*:PodCondition message=3 reason=4 nominatedNodeName=11 hostIP=5 hostIPs=16*:HostIP podIP=6 podIPs=12*:PodIP startTime=7:meta.v1.Time initContainerStatuses=10*:ContainerStatus containerStatuses=8*:ContainerStatus qosClass=9 ephemeralContainerStatuses=13*:ContainerStatus resize=14 resourceClaimStatuses=15*:PodResourceClaimStatus
core.v1.LocalObjectReference name=1
core.v1.ServiceSpec ports=1*:ServicePort selector=2{} clusterIP=3 clusterIPs=18* type=4 externalIPs=5* sessionAffinity=7 loadBalancerIP=8 loadBalancerSourceRanges=9* externalName=10 externalTrafficPolicy=11 healthCheckNodePort=12# publishNotReadyAddresses=13? sessionAffinityConfig=14:SessionAffinityConfig ipFamilies=19* ipFamilyPolicy=17 allocateLoadBalancerNodePorts=20? loadBalancerClass=21 internalTrafficPolicy=22 trafficDistribution=23
core.v1.ServiceStatus loadBalancer=1:LoadBalancerStatus conditions=2*:meta.v1.Condition
apps.v1.DaemonSetSpec selector=1:meta.v1.LabelSelector template=2:core.v1.PodTemplateSpec updateStrategy=3:DaemonSetUpdateStrategy minReadySeconds=4# revisionHistoryLimit=6#
apps.v1.DaemonSetStatus currentNumberScheduled=1# numberMisscheduled=2# desiredNumberScheduled=3# numberReady=4# observedGeneration=5# updatedNumberScheduled=6# numberAvailable=7# numberUnavailable=8# collisionCount=9# conditions=10*:DaemonSetCondition
apps.v1.DeploymentSpec replicas=1# selector=2:meta.v1.LabelSelector template=3:core.v1.PodTemplateSpec strategy=4:DeploymentStrategy minReadySeconds=5# revisionHistoryLimit=6# paused=7? progressDeadlineSeconds=9#
apps.v1.DeploymentStatus observedGeneration=1# replicas=2# updatedReplicas=3# readyReplicas=7# availableReplicas=4# unavailableReplicas=5# conditions=6*:DeploymentCondition collisionCount=8#
apps.v1.ReplicaSetSpec replicas=1# minReadySeconds=4# selector=2:meta.v1.LabelSelector template=3:core.v1.PodTemplateSpec
apps.v1.ReplicaSetStatus replicas=1# fullyLabeledReplicas=2# readyReplicas=4# availableReplicas=5# observedGeneration=3# conditions=6*:ReplicaSetCondition
apps.v1.StatefulSetSpec replicas=1# selector=2:meta.v1.LabelSelector template=3:core.v1.PodTemplateSpec volumeClaimTemplates=4*:core.v1.PersistentVolumeClaim serviceName=5 podManagementPolicy=6 updateStrategy=7:StatefulSetUpdateStrategy revisionHistoryLimit=8# minReadySeconds=9# persistentVolumeClaimRetentionPolicy=10:StatefulSetPersistentVolumeClaimRetentionPolicy ordinals=11:StatefulSetOrdinals
apps.v1.StatefulSetStatus observedGeneration=1# replicas=2# readyReplicas=3# currentReplicas=4# updatedReplicas=5# currentRevision=6 updateRevision=7 collisionCount=9# conditions=10*:StatefulSetCondition availableReplicas=11#
batch.v1.CronJobSpec schedule=1 timeZone=8 startingDeadlineSeconds=2# concurrencyPolicy=3 suspend=4? jobTemplate=5:JobTemplateSpec successfulJobsHistoryLimit=6# failedJobsHistoryLimit=7#
batch.v1.CronJobStatus active=1*:core.v1.ObjectReference lastScheduleTime=4:meta.v1.Time lastSuccessfulTime=5:meta.v1.Time
batch.v1.JobSpec parallelism=1# completions=2# activeDeadlineSeconds=3# podFailurePolicy=11:PodFailurePolicy successPolicy=16:SuccessPolicy backoffLimit=7# backoffLimitPerIndex=12# maxFailedIndexes=13# selector=4:meta.v1.LabelSelector manualSelector=5? template=6:core.v1.PodTemplateSpec ttlSecondsAfterFinished=8# completionMode=9 suspend=10? podReplacementPolicy=14 managedBy=15
batch.v1.JobStatus conditions=1*:JobCondition startTime=2:meta.v1.Time completionTime=3:meta.v1.Time active=4# succeeded=5# failed=6# terminating=11# completedIndexes=7 failedIndexes=10 uncountedTerminatedPods=8:UncountedTerminatedPods ready=9#
coordination.v1.LeaseSpec holderIdentity=1 leaseDurationSeconds=2# acquireTime=3:meta.v1.MicroTime renewTime=4:meta.v1.MicroTime leaseTransitions=5# strategy=6 preferredHolder=7
discovery.v1.Endpoint addresses=1* conditions=2:EndpointConditions hostname=3 targetRef=4:core.v1.ObjectReference deprecatedTopology=5{} nodeName=6 zone=7 hints=8:EndpointHints
discovery.v1.EndpointPort name=1 protocol=2 port=3# appProtocol=4
events.v1.EventSeries count=1# lastObservedTime=2:meta.v1.MicroTime
networking.v1.IngressClassSpec controller=1 parameters=2:IngressClassParametersReference
networking.v1.IngressSpec ingressClassName=4 defaultBackend=1:IngressBackend tls=2*:IngressTLS rules=3*:IngressRule
networking.v1.IngressStatus loadBalancer=1:IngressLoadBalancerStatus
networking.v1.NetworkPolicySpec podSelector=1:meta.v1.LabelSelector ingress=2*:NetworkPolicyIngressRule egress=3*:NetworkPolicyEgressRule policyTypes=4*
policy.v1.PodDisruptionBudgetSpec minAvailable=1:intstr.IntOrString selector=2:meta.v1.LabelSelector maxUnavailable=3:intstr.IntOrString unhealthyPodEvictionPolicy=4
policy.v1.PodDisruptionBudgetStatus observedGeneration=1# disruptedPods=2{}:meta.v1.Time disruptionsAllowed=3# currentHealthy=4# desiredHealthy=5# expectedPods=6# conditions=7*:meta.v1.Condition
rbac.v1.Subject kind=1 apiGroup=2 name=3 namespace=4
rbac.v1.RoleRef apiGroup=1 kind=2 name=3
rbac.v1.PolicyRule verbs=1* apiGroups=2* resources=3* resourceNames=4* nonResourceURLs=5*
rbac.v1.AggregationRule clusterRoleSelectors=1*:meta.v1.LabelSelector
authentication.v1.SelfSubjectReviewStatus userInfo=1:UserInfo
authentication.v1.TokenRequestSpec audiences=1* expirationSeconds=4# boundObjectRef=3:BoundObjectReference
authentication.v1.TokenRequestStatus token=1 expirationTimestamp=2:meta.v1.Time
authorization.v1.SelfSubjectAccessReviewSpec resourceAttributes=1:ResourceAttributes nonResourceAttributes=2:NonResourceAttributes
authorization.v1.SubjectAccessReviewStatus allowed=1? denied=4? reason=2 evaluationError=3
authorization.v1.SelfSubjectRulesReviewSpec namespace=1
authorization.v1.SubjectRulesReviewStatus resourceRules=1*:ResourceRule nonResourceRules=2*:NonResourceRule incomplete=3? evaluationError=4
autoscaling.v1.ScaleSpec replicas=1#
autoscaling.v1.ScaleStatus replicas=1# selector=2
meta.v1.Preconditions uid=1 resourceVersion=2
meta.v1.OwnerReference apiVersion=5 kind=1 name=3 uid=4 controller=6? blockOwnerDeletion=7?
meta.v1.ManagedFieldsEntry manager=1 operation=2 apiVersion=3 time=4:meta.v1.Time fieldsType=6 fieldsV1=7:meta.v1.FieldsV1 subresource=8
core.v1.NamespaceCondition type=1 status=2 lastTransitionTime=4:meta.v1.Time reason=5 message=6
core.v1.Taint key=1 value=2 effect=3 timeAdded=4:meta.v1.Time
core.v1.NodeConfigSource configMap=2:ConfigMapNodeConfigSource
core.v1.NodeCondition type=1 status=2 lastHeartbeatTime=3:meta.v1.Time lastTransitionTime=4:meta.v1.Time reason=5 message=6
core.v1.NodeAddress type=1 address=2
core.v1.NodeDaemonEndpoints kubeletEndpoint=1:DaemonEndpoint
core.v1.NodeSystemInfo machineID=1 systemUUID=2 bootID=3 kernelVersion=4 osImage=5 containerRuntimeVersion=6 kubeletVersion=7 kubeProxyVersion=8 operatingSystem=9 architecture=10
core.v1.ContainerImage names=1* sizeBytes=2#
core.v1.AttachedVolume name=1 devicePath=2
core.v1.NodeConfigStatus assigned=1:NodeConfigSource active=2:NodeConfigSource lastKnownGood=3:NodeConfigSource error=4
core.v1.NodeRuntimeHandler name=1 features=2:NodeRuntimeHandlerFeatures
core.v1.NodeFeatures supplementalGroupsPolicy=1?
meta.v1.LabelSelector matchLabels=1{} matchExpressions=2*:LabelSelectorRequirement
core.v1.VolumeResourceRequirements limits=1{}:resource.Quantity requests=2{}:resource.Quantity
core.v1.TypedLocalObjectReference apiGroup=1 kind=2 name=3
core.v1.TypedObjectReference apiGroup=1 kind=2 name=3 namespace=4
core.v1.PersistentVolumeClaimCondition type=1 status=2 lastProbeTime=3:meta.v1.Time lastTransitionTime=4:meta.v1.Time reason=5 message=6
core.v1.ModifyVolumeStatus targetVolumeAttributesClassName=1 status=2
core.v1.Volume name=1 volumeSource=2:VolumeSource
core.v1.Container name=1 image=2 command=3* args=4* workingDir=5 ports=6*:ContainerPort envFrom=19*:EnvFromSource env=7*:EnvVar resources=8:ResourceRequirements resizePolicy=23*:ContainerResizePolicy restartPolicy=24 volumeMounts=9*:VolumeMount volumeDevices=21*:VolumeDevice livenessProbe=10:Probe readinessProbe=11:Probe startupProbe=22:Probe lifecycle=12:Lifecycle terminationMessagePath=13 terminationMessagePolicy=20 imagePullPolicy=14 securityContext=15:SecurityContext stdin=16? stdinOnce=17? tty=18?
core.v1.EphemeralContainer ephemeralContainerCommon=1:EphemeralContainerCommon targetContainerName=2
core.v1.PodSecurityContext seLinuxOptions=1:SELinuxOptions windowsOptions=8:WindowsSecurityContextOptions runAsUser=2# runAsGroup=6# runAsNonRoot=3? supplementalGroups=4*# supplementalGroupsPolicy=12 fsGroup=5# sysctls=7*:Sysctl fsGroupChangePolicy=9 seccompProfile=10:SeccompProfile appArmorProfile=11:AppArmorProfile seLinuxChangePolicy=13
core.v1.Affinity nodeAffinity=1:NodeAffinity podAffinity=2:PodAffinity podAntiAffinity=3:PodAntiAffinity
core.v1.Toleration key=1 operator=2 value=3 effect=4 tolerationSeconds=5#
core.v1.HostAlias ip=1 hostnames=2*
core.v1.PodDNSConfig nameservers=1* searches=2* options=3*:PodDNSConfigOption
core.v1.PodReadinessGate conditionType=1
core.v1.TopologySpreadConstraint maxSkew=1# topologyKey=2 whenUnsatisfiable=3 labelSelector=4:meta.v1.LabelSelector minDomains=5# nodeAffinityPolicy=6 nodeTaintsPolicy=7 matchLabelKeys=8*
core.v1.PodOS name=1
core.v1.PodSchedulingGate name=1
core.v1.PodResourceClaim name=1 resourceClaimName=3 resourceClaimTemplateName=4
core.v1.ResourceRequirements limits=1{}:resource.Quantity requests=2{}:resource.Quantity claims=3*:ResourceClaim
core.v1.PodCondition type=1 status=2 lastProbeTime=3:meta.v1.Time lastTransitionTime=4:meta.v1.Time reason=5 message=6
core.v1.HostIP ip=1
core.v1.PodIP ip=1
core.v1.ContainerStatus name=1 state=2:ContainerState lastState=3:ContainerState ready=4? restartCount=5# image=6 imageID=7 containerID=8 started=9? allocatedResources=10{}:resource.Quantity resources=11:ResourceRequirements volumeMounts=12*:VolumeMountStatus user=13:ContainerUser allocatedResourcesStatus=14*:ResourceStatus
core.v1.PodResourceClaimStatus name=1 resourceClaimName=2
core.v1.ServicePort name=1 protocol=2 appProtocol=6 port=3# targetPort=4:intstr.IntOrString nodePort=5#
core.v1.SessionAffinityConfig clientIP=1:ClientIPConfig
core.v1.LoadBalancerStatus ingress=1*:LoadBalancerIngress
meta.v1.Condition type=1 status=2 observedGeneration=3# lastTransitionTime=4:meta.v1.Time reason=5 message=6
core.v1.PodTemplateSpec metadata=1:meta.v1.ObjectMeta spec=2:PodSpec
apps.v1.DaemonSetUpdateStrategy type=1 rollingUpdate=2:RollingUpdateDaemonSet
apps.v1.DaemonSetCondition type=1 status=2 lastTransitionTime=3:meta.v1.Time reason=4 message=5
apps.v1.DeploymentStrategy type=1 rollingUpdate=2:RollingUpdateDeployment
apps.v1.DeploymentCondition type=1 status=2 lastUpdateTime=6:meta.v1.Time lastTransitionTime=7:meta.v1.Time reason=4 message=5
apps.v1.ReplicaSetCondition type=1 status=2 lastTransitionTime=3:meta.v1.Time reason=4 message=5
apps.v1.StatefulSetUpdateStrategy type=1 rollingUpdate=2:RollingUpdateStatefulSetStrategy
apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicy whenDeleted=1 whenScaled=2
apps.v1.StatefulSetOrdinals start=1#
apps.v1.StatefulSetCondition type=1 status=2 lastTransitionTime=3:meta.v1.Time reason=4 message=5
batch.v1.JobTemplateSpec metadata=1:meta.v1.ObjectMeta spec=2:JobSpec
batch.v1.PodFailurePolicy rules=1*:PodFailurePolicyRule
batch.v1.SuccessPolicy rules=1*:SuccessPolicyRule
batch.v1.JobCondition type=1 status=2 lastProbeTime=3:meta.v1.Time lastTransitionTime=4:meta.v1.Time reason=5 message=6
batch.v1.UncountedTerminatedPods succeeded=1* failed=2*
discovery.v1.EndpointConditions ready=1? serving=2? terminating=3?
discovery.v1.EndpointHints forZones=1*:ForZone forNodes=2*:ForNode
networking.v1.IngressClassParametersReference apiGroup=1 kind=2 name=3 scope=4 namespace=5
networking.v1.IngressBackend service=4:IngressServiceBackend resource=3:core.v1.TypedLocalObjectReference
networking.v1.IngressTLS hosts=1* secretName=2
networking.v1.IngressRule host=1 ingressRuleValue=2:IngressRuleValue
networking.v1.IngressLoadBalancerStatus ingress=1*:IngressLoadBalancerIngress
networking.v1.NetworkPolicyIngressRule ports=1*:NetworkPolicyPort from=2*:NetworkPolicyPeer
networking.v1.NetworkPolicyEgressRule ports=1*:NetworkPolicyPort to=2*:NetworkPolicyPeer
authentication.v1.UserInfo username=1 uid=2 groups=3* extra=4{}:ExtraValue
authentication.v1.BoundObjectReference kind=1 apiVersion=2 name=3 uID=4
authorization.v1.ResourceAttributes namespace=1 verb=2 group=3 version=4 resource=5 subresource=6 name=7 fieldSelector=8:FieldSelectorAttributes labelSelector=9:LabelSelectorAttributes
authorization.v1.NonResourceAttributes path=1 verb=2
authorization.v1.ResourceRule verbs=1* apiGroups=2* resources=3* resourceNames=4*
authorization.v1.NonResourceRule verbs=1* nonResourceURLs=2*
core.v1.ConfigMapNodeConfigSource namespace=1 name=2 uid=3 resourceVersion=4 kubeletConfigKey=5
core.v1.DaemonEndpoint Port=1#
core.v1.NodeRuntimeHandlerFeatures recursiveReadOnlyMounts=1? userNamespaces=2?
meta.v1.LabelSelectorRequirement key=1 operator=2 values=3*
core.v1.VolumeSource hostPath=1:HostPathVolumeSource emptyDir=2:EmptyDirVolumeSource gcePersistentDisk=3:GCEPersistentDiskVolumeSource awsElasticBlockStore=4:AWSElasticBlockStoreVolumeSource gitRepo=5:GitRepoVolumeSource secret=6:SecretVolumeSource nfs=7:NFSVolumeSource iscsi=8:ISCSIVolumeSource glusterfs=9:GlusterfsVolumeSource persistentVolumeClaim=10:PersistentVolumeClaimVolumeSource rbd=11:RBDVolumeSource flexVolume=12:FlexVolumeSource cinder=13:CinderVolumeSource cephfs=14:CephFSVolumeSource flocker=15:FlockerVolumeSource downwardAPI=16:DownwardAPIVolumeSource fc=17:FCVolumeSource azureFile=18:AzureFileVolumeSource configMap=19:ConfigMapVolumeSource vsphereVolume=20:VsphereVirtualDiskVolumeSource quobyte=21:QuobyteVolumeSource azureDisk=22:AzureDiskVolumeSource photonPersistentDisk=23:PhotonPersistentDiskVolumeSource projected=26:ProjectedVolumeSource portworxVolume=24:PortworxVolumeSource scaleIO=25:ScaleIOVolumeSource storageos=27:StorageOSVolumeSource csi=28:CSIVolumeSource ephemeral=29:EphemeralVolumeSource image=30:ImageVolumeSource
core.v1.ContainerPort name=1 hostPort=2# containerPort=3# protocol=4 hostIP=5
core.v1.EnvFromSource prefix=1 configMapRef=2:ConfigMapEnvSource secretRef=3:SecretEnvSource
core.v1.EnvVar name=1 value=2 valueFrom=3:EnvVarSource
core.v1.ContainerResizePolicy resourceName=1 restartPolicy=2
core.v1.VolumeMount name=1 readOnly=2? recursiveReadOnly=7 mountPath=3 subPath=4 mountPropagation=5 subPathExpr=6
core.v1.VolumeDevice name=1 devicePath=2
core.v1.Probe handler=1:ProbeHandler initialDelaySeconds=2# timeoutSeconds=3# periodSeconds=4# successThreshold=5# failureThreshold=6# terminationGracePeriodSeconds=7#
core.v1.Lifecycle postStart=1:LifecycleHandler preStop=2:LifecycleHandler
core.v1.SecurityContext capabilities=1:Capabilities privileged=2? seLinuxOptions=3:SELinuxOptions windowsOptions=10:WindowsSecurityContextOptions runAsUser=4# runAsGroup=8# runAsNonRoot=5? readOnlyRootFilesystem=6? allowPrivilegeEscalation=7? procMount=9 seccompProfile=11:SeccompProfile appArmorProfile=12:AppArmorProfile
core.v1.EphemeralContainerCommon name=1 image=2 command=3* args=4* workingDir=5 ports=6*:ContainerPort envFrom=19*:EnvFromSource env=7*:EnvVar resources=8:ResourceRequirements resizePolicy=23*:ContainerResizePolicy restartPolicy=24 volumeMounts=9*:VolumeMount volumeDevices=21*:VolumeDevice livenessProbe=10:Probe readinessProbe=11:Probe startupProbe=22:Probe lifecycle=12:Lifecycle terminationMessagePath=13 terminationMessagePolicy=20 imagePullPolicy=14 securityContext=15:SecurityContext stdin=16? stdinOnce=17? tty=18?
core.v1.SELinuxOptions user=1 role=2 type=3 level=4
core.v1.WindowsSecurityContextOptions gmsaCredentialSpecName=1 gmsaCredentialSpec=2 runAsUserName=3 hostProcess=4?
core.v1.Sysctl name=1 value=2
core.v1.SeccompProfile type=1 localhostProfile=2
core.v1.AppArmorProfile type=1 localhostProfile=2
core.v1.NodeAffinity requiredDuringSchedulingIgnoredDuringExecution=1:NodeSelector preferredDuringSchedulingIgnoredDuringExecution=2*:PreferredSchedulingTerm
core.v1.PodAffinity requiredDuringSchedulingIgnoredDuringExecution=1*:PodAffinityTerm preferredDuringSchedulingIgnoredDuringExecution=2*:WeightedPodAffinityTerm
core.v1.PodAntiAffinity requiredDuringSchedulingIgnoredDuringExecution=1*:PodAffinityTerm preferredDuringSchedulingIgnoredDuringExecution=2*:WeightedPodAffinityTerm
core.v1.PodDNSConfigOption name=1 value=2
core.v1.ResourceClaim name=1 request=2
core.v1.ContainerState waiting=1:ContainerStateWaiting running=2:ContainerStateRunning terminated=3:ContainerStateTerminated
core.v1.VolumeMountStatus name=1 mountPath=2 readOnly=3? recursiveReadOnly=4
core.v1.ContainerUser linux=1:LinuxContainerUser
core.v1.ResourceStatus name=1 resources=2*:ResourceHealth
core.v1.ClientIPConfig timeoutSeconds=1#
core.v1.LoadBalancerIngress ip=1 hostname=2 ipMode=3 ports=4*:PortStatus
apps.v1.RollingUpdateDaemonSet maxUnavailable=1:intstr.IntOrString maxSurge=2:intstr.IntOrString
apps.v1.RollingUpdateDeployment maxUnavailable=1:intstr.IntOrString maxSurge=2:intstr.IntOrString
apps.v1.RollingUpdateStatefulSetStrategy partition=1# maxUnavailable=2:intstr.IntOrString
batch.v1.PodFailurePolicyRule action=1 onExitCodes=2:PodFailurePolicyOnExitCodesRequirement onPodConditions=3*:PodFailurePolicyOnPodConditionsPattern
batch.v1.SuccessPolicyRule succeededIndexes=1 succeededCount=2#
discovery.v1.ForZone name=1
discovery.v1.ForNode name=1
networking.v1.IngressServiceBackend name=1 port=2:ServiceBackendPort
networking.v1.IngressRuleValue http=1:HTTPIngressRuleValue
networking.v1.IngressLoadBalancerIngress ip=1 hostname=2 ports=4*:IngressPortStatus
networking.v1.NetworkPolicyPort protocol=1 port=2:intstr.IntOrString endPort=3#
networking.v1.NetworkPolicyPeer podSelector=1:meta.v1.LabelSelector namespaceSelector=2:meta.v1.LabelSelector ipBlock=3:IPBlock
authentication.v1.ExtraValue items=1*
authorization.v1.FieldSelectorAttributes rawSelector=1 requirements=2*:meta.v1.FieldSelectorRequirement
authorization.v1.LabelSelectorAttributes rawSelector=1 requirements=2*:meta.v1.LabelSelectorRequirement
core.v1.HostPathVolumeSource path=1 type=2
core.v1.EmptyDirVolumeSource medium=1 sizeLimit=2:resource.Quantity
core.v1.GCEPersistentDiskVolumeSource pdName=1 fsType=2 partition=3# readOnly=4?
core.v1.AWSElasticBlockStoreVolumeSource volumeID=1 fsType=2 partition=3# readOnly=4?
core.v1.GitRepoVolumeSource repository=1 revision=2 directory=3
core.v1.SecretVolumeSource secretName=1 items=2*:KeyToPath defaultMode=3# optional=4?
core.v1.NFSVolumeSource server=1 path=2 readOnly=3?
core.v1.ISCSIVolumeSource targetPortal=1 iqn=2 lun=3# iscsiInterface=4 fsType=5 readOnly=6? portals=7* chapAuthDiscovery=8? chapAuthSession=11? secretRef=10:LocalObjectReference initiatorName=12
core.v1.GlusterfsVolumeSource endpoints=1 path=2 readOnly=3?
core.v1.PersistentVolumeClaimVolumeSource claimName=1 readOnly=2?
core.v1.RBDVolumeSource monitors=1* image=2 fsType=3 pool=4 user=5 keyring=6 secretRef=7:LocalObjectReference readOnly=8?
core.v1.FlexVolumeSource driver=1 fsType=2 secretRef=3:LocalObjectReference readOnly=4? options=5{}
core.v1.CinderVolumeSource volumeID=1 fsType=2 readOnly=3? secretRef=4:LocalObjectReference
core.v1.CephFSVolumeSource monitors=1* path=2 user=3 secretFile=4 secretRef=5:LocalObjectReference readOnly=6?
core.v1.FlockerVolumeSource datasetName=1 datasetUUID=2
core.v1.DownwardAPIVolumeSource items=1*:DownwardAPIVolumeFile defaultMode=2#
core.v1.FCVolumeSource targetWWNs=1* lun=2# fsType=3 readOnly=4? wwids=5*
core.v1.AzureFileVolumeSource secretName=1 shareName=2 readOnly=3?
core.v1.ConfigMapVolumeSource localObjectReference=1:LocalObjectReference items=2*:KeyToPath defaultMode=3# optional=4?
core.v1.VsphereVirtualDiskVolumeSource volumePath=1 fsType=2 storagePolicyName=3 storagePolicyID=4
core.v1.QuobyteVolumeSource registry=1 volume=2 readOnly=3? user=4 group=5 tenant=6
core.v1.AzureDiskVolumeSource diskName=1 diskURI=2 cachingMode=3 fsType=4 readOnly=5? kind=6
core.v1.PhotonPersistentDiskVolumeSource pdID=1 fsType=2
core.v1.ProjectedVolumeSource sources=1*:VolumeProjection defaultMode=2#
core.v1.PortworxVolumeSource volumeID=1 fsType=2 readOnly=3?
core.v1.ScaleIOVolumeSource gateway=1 system=2 secretRef=3:LocalObjectReference sslEnabled=4? protectionDomain=5 storagePool=6 storageMode=7 volumeName=8 fsType=9 readOnly=10?
core.v1.StorageOSVolumeSource volumeName=1 volumeNamespace=2 fsType=3 readOnly=4? secretRef=5:LocalObjectReference
core.v1.CSIVolumeSource driver=1 readOnly=2? fsType=3 volumeAttributes=4{} nodePublishSecretRef=5:LocalObjectReference
core.v1.EphemeralVolumeSource volumeClaimTemplate=1:PersistentVolumeClaimTemplate
core.v1.ImageVolumeSource reference=1 pullPolicy=2
core.v1.ConfigMapEnvSource localObjectReference=1:LocalObjectReference optional=2?
core.v1.SecretEnvSource localObjectReference=1:LocalObjectReference optional=2?
core.v1.EnvVarSource fieldRef=1:ObjectFieldSelector resourceFieldRef=2:ResourceFieldSelector configMapKeyRef=3:ConfigMapKeySelector secretKeyRef=4:SecretKeySelector
core.v1.ProbeHandler exec=1:ExecAction httpGet=2:HTTPGetAction tcpSocket=3:TCPSocketAction grpc=4:GRPCAction
core.v1.LifecycleHandler exec=1:ExecAction httpGet=2:HTTPGetAction tcpSocket=3:TCPSocketAction sleep=4:SleepAction
core.v1.Capabilities add=1* drop=2*
core.v1.NodeSelector nodeSelectorTerms=1*:NodeSelectorTerm
core.v1.PreferredSchedulingTerm weight=1# preference=2:NodeSelectorTerm
core.v1.PodAffinityTerm labelSelector=1:meta.v1.LabelSelector namespaces=2* topologyKey=3 namespaceSelector=4:meta.v1.LabelSelector matchLabelKeys=5* mismatchLabelKeys=6*
core.v1.WeightedPodAffinityTerm weight=1# podAffinityTerm=2:PodAffinityTerm
core.v1.ContainerStateWaiting reason=1 message=2
core.v1.ContainerStateRunning startedAt=1:meta.v1.Time
core.v1.ContainerStateTerminated exitCode=1# signal=2# reason=3 message=4 startedAt=5:meta.v1.Time finishedAt=6:meta.v1.Time containerID=7
core.v1.LinuxContainerUser uid=1# gid=2# supplementalGroups=3*#
core.v1.ResourceHealth resourceID=1 health=2
core.v1.PortStatus port=1# protocol=2 error=3
batch.v1.PodFailurePolicyOnExitCodesRequirement containerName=1 operator=2 values=3*#
batch.v1.PodFailurePolicyOnPodConditionsPattern type=1 status=2
networking.v1.ServiceBackendPort name=1 number=2#
networking.v1.HTTPIngressRuleValue paths=1*:HTTPIngressPath
networking.v1.IngressPortStatus port=1# protocol=2 error=3
networking.v1.IPBlock cidr=1 except=2*
meta.v1.FieldSelectorRequirement key=1 operator=2 values=3*
core.v1.KeyToPath key=1 path=2 mode=3#
core.v1.DownwardAPIVolumeFile path=1 fieldRef=2:ObjectFieldSelector resourceFieldRef=3:ResourceFieldSelector mode=4#
core.v1.VolumeProjection secret=1:SecretProjection downwardAPI=2:DownwardAPIProjection configMap=3:ConfigMapProjection serviceAccountToken=4:ServiceAccountTokenProjection clusterTrustBundle=5:ClusterTrustBundleProjection
core.v1.PersistentVolumeClaimTemplate metadata=1:meta.v1.ObjectMeta spec=2:PersistentVolumeClaimSpec
core.v1.ObjectFieldSelector apiVersion=1 fieldPath=2
core.v1.ResourceFieldSelector containerName=1 resource=2 divisor=3:resource.Quantity
core.v1.ConfigMapKeySelector localObjectReference=1:LocalObjectReference key=2 optional=3?
core.v1.SecretKeySelector localObjectReference=1:LocalObjectReference key=2 optional=3?
core.v1.ExecAction command=1*
core.v1.HTTPGetAction path=1 port=2:intstr.IntOrString host=3 scheme=4 httpHeaders=5*:HTTPHeader
core.v1.TCPSocketAction port=1:intstr.IntOrString host=2
core.v1.GRPCAction port=1# service=2
core.v1.SleepAction seconds=1#
core.v1.NodeSelectorTerm matchExpressions=1*:NodeSelectorRequirement matchFields=2*:NodeSelectorRequirement
networking.v1.HTTPIngressPath path=1 pathType=3 backend=2:IngressBackend
core.v1.SecretProjection localObjectReference=1:LocalObjectReference items=2*:KeyToPath optional=4?
core.v1.DownwardAPIProjection items=1*:DownwardAPIVolumeFile
core.v1.ConfigMapProjection localObjectReference=1:LocalObjectReference items=2*:KeyToPath optional=4?
core.v1.ServiceAccountTokenProjection audience=1 expirationSeconds=2# path=3
core.v1.ClusterTrustBundleProjection name=1 signerName=2 labelSelector=3:meta.v1.LabelSelector optional=5? path=4
core.v1.HTTPHeader name=1 value=2
core.v1.NodeSelectorRequirement key=1 operator=2 values=3*
`;
