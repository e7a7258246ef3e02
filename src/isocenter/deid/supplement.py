"""What Table E.1-1 does not name: a role for every attribute of the dictionary (PS3.15 E.1.1). It may only strengthen.

The table lists attributes known to identify; this lists the others that carry dates, names, UIDs, text or bytes, each
reviewed. An attribute of such a VR without a role here is treated as the strictest role of its VR, and a test fails.
Keywords are those of PS3.6.
"""

from enum import StrEnum
from functools import lru_cache

from isocenter.dicom import dictionary


class Role(StrEnum):
    """What an attribute is to de-identification."""

    DATE = "date"  # of the subject: shifted with the study, or removed
    DEVICE_DATE = "device date"  # publicly known: never shifted with the subject's dates
    TEXT = "text"  # free text: removed or replaced, cleaned on request
    DEVICE = "device"  # names a device: removed or replaced unless device identity is kept
    IDENTIFYING = "identifying"  # always removed or replaced
    UID = "uid"  # of an instance: mapped
    DEFINITION = "definition"  # UID of a class, a syntax, a coding scheme: kept when registered
    TECHNICAL = "technical"  # kept, unless it holds an identifier of this very object
    NUMBER = "number"  # text that must be numbers
    VALUE = "value"  # kept as it is
    SEQUENCE = "sequence"  # its items are handled one by one
    ICC = "icc"  # a colour profile: kept without its text
    OFFSETS = "offsets"  # where frames are: kept when it can be that
    CHARACTER_SET = "character set"  # kept when it is one


#: Roles whose action is "remove, empty or replace", by the attribute's type in its IOD.
TYPED_ROLES = frozenset({Role.DATE, Role.DEVICE_DATE, Role.TEXT, Role.DEVICE, Role.IDENTIFYING})

_LISTS: dict[Role, str] = {
    Role.DATE: """
        SecondaryReviewDate SecondaryReviewTime ProcedureCreationDate ProcedureExpirationDate
        ProcedureLastModifiedDate ItemInventoryDateTime ExpirationDateTime StudyUpdateDateTime RouteSegmentStartTime
        RouteSegmentEndTime AlarmDecisionTime OOIOwnerCreationTime""",
    Role.DEVICE_DATE: "ExpiryDate DateOfGainCalibration TimeOfGainCalibration",
    Role.UID: """
        PrivateRecordUID MultiFrameSourceSOPInstanceUID RadiopharmaceuticalAdministrationEventUID CreatorVersionUID
        TargetFrameOfReferenceUID SOPInstanceUIDOfConcatenationSource VolumeFrameOfReferenceUID
        TableFrameOfReferenceUID ReferencedColorPaletteInstanceUID FindingsGroupUIDTrial
        ReferencedFindingsGroupUIDTrial RetrieveLocationUID RepositoryUniqueID HomeCommunityID AssertionUID
        ReferencedAssertionUID ModelGroupUID ReferencedFiducialUID VolumetricPresentationInputSetUID
        ReferencedContentItem SelectorUIValue EquipmentFrameOfReferenceUID SegmentationTemplateUID""",
    Role.DEFINITION: """
        ReferencedSOPClassUIDInFile ReferencedTransferSyntaxUIDInFile ReferencedRelatedGeneralSOPClassUIDInFile
        SOPClassUID RelatedGeneralSOPClassUID OriginalSpecializedSOPClassUID SOPClassesInStudy CodingSchemeUID
        ContextGroupExtensionCreatorUID ContextUID MappingResourceUID StoredInstanceTransferSyntaxUID
        ReferencedSOPClassUID SOPClassesSupported AvailableTransferSyntaxUID FlowTransferSyntaxUID
        MACCalculationTransferSyntaxUID EncryptedContentTransferSyntaxUID PertinentSOPClassesInStudy
        PertinentSOPClassesInSeries""",
    Role.IDENTIFYING: """
        SecondaryReviewerName EvaluatorName DocumentAuthorTrial
        StoredInstanceBaseURI FolderAccessURI FileAccessURI FilenameInContainer RetrieveURL PixelDataProviderURL
        StorageURL RetrieveURI RelativeURIReferenceWithinEncapsulatedDocument ContactURI
        PatientBirthDateInAlternativeCalendar PatientDeathDateInAlternativeCalendar StrainStockNumber StrainSource
        BreedRegistrationNumber ComponentWelderIDs NTPSourceAddress AuthorizationEquipmentCertificationNumber
        HangingProtocolCreator HangingProtocolUserGroupName ContactDisplayName PrinterName RouteOfAdmissions
        ResourceDescription ItineraryID ItineraryIDAssigningAuthority PlacerOrderNumberProcedure
        FillerOrderNumberProcedure PlacerOrderNumberImagingServiceRequestRetired
        FillerOrderNumberImagingServiceRequestRetired StorageMediaFileSetID PrintJobID OwnerID PrintQueueID
        RouteSegmentID BoardingPassID RouteSegmentStartLocationID RouteSegmentEndLocationID AssignedLocation
        ItineraryIDType RouteID RouteIDAssigningAuthority CarrierID LocalNamespaceEntityID UniversalEntityID
        HL7InstanceIdentifier TrackingID PTOLocationDescription OOITypeDescriptor ThreatCategoryDescription
        MediaDisposition SOPAuthorizationComment ReferenceToRecordedSound ImplantAssemblyTemplateIssuer
        ImplantTemplateGroupIssuer BibliographicCitationTrial IdentificationDescriptionTrial
        UniformResourceLocatorTrial RecordKey PriorRecordKey CoordinateSystemAxisValues DarkCurrentCounts AirCounts
        BadPixelImage InteroperabilityVersion ObjectBinaryIdentifierTrial ObjectDirectoryBinaryIdentifierTrial
        HPGLDocument Signature EncryptedContent ThreatROIBitmap DetectorCalibrationData SelectorOWValue""",
    Role.DEVICE: """
        DeviceID GridID RadiationMachineName SubstanceAdministrationDeviceID ProductLotIdentifier
        ProductPackageIdentifier ImplantPartNumber DeviceAlternateIdentifierFormat""",
    Role.TEXT: """
        StrainDescription GeneticModificationsDescription PotentialReasonsForProcedure
        PotentialDiagnosticTasks SelectorUCValue StrainAdditionalInformation ReferenceLocationDescription
        ProtocolPlanningInformation ProtocolDesignRationale InstructionDescription InstructionPerformanceComment
        ProtocolElementCharacteristicsSummary ProtocolElementPurpose ImageFilterDescription TextValue
        AssertionComments TrackSetDescription AssessmentSummaryDescription ObservationDescription
        SpecificationSelectionGuidance ConstraintViolationCondition ConceptualVolumeCombinationExpression
        PrivateDataElementName PrivateDataElementKeyword PrivateDataElementDescription PrivateDataElementEncoding
        InventoryPurpose InventoryInstanceDescription TransactionStatusComment MaterialNotes CalibrationNotes
        PulserNotes ReceiverNotes PreAmplifierNotes ProbeDriveNotes CalculationComment
        CommentsOnPatientPerformanceOfVisualField CommentsOnTheScheduledProcedureStep
        ApprovalStatusFurtherDescription ProductDescription SurfaceComments ReasonForCancellation
        ConfigurationInformationDescription FractionPattern IntendedStartDayOfWeek
        CodingSchemeExternalID CodingSchemeResponsibleOrganization AnatomicPerspectiveDescriptionTrial
        AnatomicLocationOfExaminingInstrumentDescriptionTrial CADFileFormat ComponentReferenceSystem
        ComponentManufacturingProcedure ComponentManufacturer MaterialGrade MaterialPropertiesDescription
        MaterialPropertiesFileFormatRetired RepairID ActualEnvironmentalConditions EnvironmentalConditions
        IndicationDescription CoordinateSystemAxisDescription TransformDescription SensorName DelayLawIdentifier
        CalibrationProcedure ScanProcedure InterventionDescription MetaboliteMapDescription PartialViewDescription
        MaskOperationExplanation SpecimenDescriptionTrial AlgorithmDescriptionTrial ReportStatusCommentTrial
        DocumentTitle OpticalPathDescription SegmentDescription InformationSummary HPGLPenDescription
        GraphicGroupDescription FiducialDescription ProcedureStepProgressDescription
        ImplantTemplateGroupDescription ConfigurationInformation RTImageDescription PositionAcquisitionTemplateID
        MeasuredDoseDescription OverrideReason CalculatedDoseReferenceDescription TreatmentStatusComment
        SetupDeviceDescription SetupReferenceDescription SetupImageComment GeneralAccessoryDescription
        TreatmentTerminationDescription TreatmentToleranceViolationIdentification AcquisitionProtocolName
        InstructionText ReferenceLocationLabel ProtocolElementName DataSetDescription PatientReliabilityIndicator
        ContentDescription HangingProtocolDescription TestResultComment SystemStatusComment RTImageName DoseComment
        FrameOfReferenceTransformationComment BeamName BlockName PatientSetupLabel PatientAdditionalPosition
        SourceDescription ApplicationSetupName TemplateName ImageSetLabel DisplaySetLabel WorklistLabel
        ProcedureStepLabel FilmSessionLabel SurfaceModelLabel SegmentationCreationTemplateLabel
        RequestedProcedureDescriptionTrial PerformedProcedureTypeDescription FrameOfInterestDescription
        CompletionFlagDescription GraphicLayerDescription GraphicGroupLabel PlanningLandmarkDescription
        TreatmentProtocols AssessmentLabel TrackSetLabel MatingFeatureSetLabel HPGLDocumentLabel HPGLPenLabel
        SegmentLabel SubstanceAdministrationNotes ConfigurationDescription TransformLabel
        DisplaySetPresentationGroupDescription AssessmentSetID ReasonForChannelOmissionDescription
        ImplantAssemblyTemplateName ImplantTemplateGroupName ImplantName ImageID FrameLabelVector FrameLabel
        RTImageLabel TargetLabel HangingProtocolName DisplayWindowLabelVector IndicationLabel PropertyLabel
        StageName FieldOfViewDescription FilmDestination SurgicalTechnique DataSetName DataSetSource
        ConfidentialityCode SequencingIndicatorTrial MeasurementPrecisionDescriptionTrial ManipulatedImage
        ReconstructionDescription AlgorithmDescription ASLTechniqueDescription ASLCrusherDescription
        PatientSpeciesDescription PatientBreedDescription DataElementDescription DataElementName
        ContainerComponentDescription ApplicatorDescription RangeShifterDescription LateralSpreadingDeviceDescription
        RangeModulatorDescription OptotypeDetailedDefinition LensDescription LensStatusDescription
        VitreousStatusDescription ImageQualityIndicatorType RequestedMediaApplicationProfile DeletionLock
        FiducialIdentifier StackID ProcedureVersion""",
    Role.TECHNICAL: """
        CodingSchemeURL URNCodeValue LongCodeValue OECFColumnNames SpatialFrequencyResponseColumnNames BatteryLevel
        SpectralSensitivity EXIFVersion ExtendedCodeMeaning LinearityCorrectionTechnique
        BeamHardeningCorrectionTechnique DetectorDescription DetectorMode GridAbsorbingMaterial GridSpacingMaterial
        ExposureControlModeDescription AlgorithmParameters CodingSchemeName CouplingTechnique CouplingMedium
        ImageDisplayFormat DataSetSubtype Manufacturer ExtendedCodeValue CodeMeaning CodingSchemeRegistry
        MappingResourceName ManufacturerRelatedModelGroup PrivateCreatorReference ManufacturerModelName
        EventTimerNames StrainNomenclature GeneticModificationsNomenclature DeidentificationMethod
        FilterMaterialUsedInGainCalibration ImageQualityIndicatorMaterial ImageQualityIndicatorSize WedgeDescription
        Radionuclide Radiopharmaceutical InterventionDrugName SecondaryCaptureDeviceManufacturer
        HardcopyDeviceManufacturer SecondaryCaptureDeviceManufacturerModelName SecondaryCaptureDeviceSoftwareVersions
        HardcopyDeviceSoftwareVersion HardcopyDeviceManufacturerModelName SoftwareVersions
        DigitalImageFormatAcquired ContrastBolusRoute TriggerSourceOrType CardiacFramingType
        RadiopharmaceuticalRoute PVCRejection TypeOfFilters PaddleDescription AcquisitionMode DoseModeName
        PhosphorType AcquisitionDeviceProcessingCode TransducerData ProcessingFunction PostprocessingFunction
        DetectorManufacturerName DetectorManufacturerModelName ReceiveCoilManufacturerName MultiCoilConfiguration
        TransmitCoilManufacturerName ApplicableSafetyStandardDescription ASLBolusCutoffTechnique ApplicationName
        ApplicationVersion ApplicationManufacturer ImageGeometryType Reference TargetPositionReferenceIndicator
        PositionReferenceIndicator ModifyingDeviceManufacturer OriginalImageIdentificationNomenclature
        DimensionIndexPrivateCreator FunctionalGroupPrivateCreator DimensionDescriptionLabel IOLFormulaDetail
        IOLManufacturer LensConstantDescription OphthalmicAxialLengthDataSourceDescription
        OphthalmicAxialLengthQualityMetricTypeDescription PixelValueMappingExplanation OphthalmicImageTypeDescription
        AlgorithmSource DataSetVersion CompressionRecognitionCode CompressionLabel TransformVersionNumber
        SequenceOfCompressedData DCTLabel PixelSpacingCalibrationDescription RescaleType
        WindowCenterWidthExplanation LUTExplanation ModalityLUTType DisplaySubsystemDescription
        LuminanceResponseDescription MIMETypeOfEncapsulatedDocument ListOfMIMETypes ProductName
        AttenuationCorrectionMethod ReconstructionMethod DetectorLinesOfResponseUsed ScatterCorrectionMethod
        HistogramExplanation SegmentAlgorithmName SurfaceProcessingDescription AlgorithmVersion AlgorithmName
        ImplantSize ImplantTemplateVersion FontName CSSFontName RGBATransferFunctionDescription
        SelectorSequencePointerPrivateCreator SelectorAttributePrivateCreator AttributeOccurrencePrivateCreator
        ProcedureStepRelationshipType ImplantAssemblyTemplateVersion ImplantTemplateGroupVersion
        ImplantTemplateGroupVariationDimensionName SelectorAttributeName SelectorAttributeKeyword
        ImagingDeviceSpecificAcquisitionParameters AccessoryCode SourceIsotopeName ApplicationSetupManufacturer
        BrachyAccessoryDeviceName SourceApplicatorName SourceApplicatorManufacturer ChannelShieldName
        PatientSupportAccessoryCode TrayAccessoryCode RangeShifterSetting LateralSpreadingDeviceSetting
        EffectiveDoseCalculationMethodDescription ManufacturerModelVersion ThreatDetectionAlgorithmAndVersion
        RecognitionCode CodeValue CodingSchemeDesignator CodingSchemeVersion ViewName WedgeModelNumber WedgeMaterial
        WedgeName WedgeManufacturerName SequenceName ImagedNucleus VideoImageFormatAcquired FilterType
        CollimatorGridName ConvolutionKernel ReceiveCoilName TransmitCoilName PlateType TimeSource OutputPower
        PulseSequenceName MultiCoilElementName RespiratorySignalSourceID ImageFilter CompressionOriginator
        CompressionDescription DisplaySubsystemName ConfigurationName RequestedProcedurePriority ReportingPriority
        LUTLabel OpticalPathIdentifier EnergyWindowName ReferencedOpticalPathIdentifier TickLabel TextureLabel
        FluenceModeID TreatmentTerminationCode ToleranceTableLabel WedgeID BolusID MaterialID CompensatorID
        CompensatorTrayID BlockTrayID ApplicatorID FixationDeviceLabel FixationDevicePosition ShieldingDeviceLabel
        ShieldingDevicePosition SetupDeviceLabel SourceModelID TemplateType BrachyAccessoryDeviceID
        AfterloaderChannelID SourceApplicatorID ChannelShieldID SnoutID RangeShifterID LateralSpreadingDeviceID
        RangeModulatorID BeamCurrentModulationID PatientSupportID ScanSpotTuneID GeneralAccessoryID""",
    Role.VALUE: """
        VerticesOfThePolygonalOutline TwoDimensionalToThreeDimensionalMapData RedPaletteColorLookupTableData
        GreenPaletteColorLookupTableData BluePaletteColorLookupTableData AlphaPaletteColorLookupTableData
        LargeRedPaletteColorLookupTableData LargeGreenPaletteColorLookupTableData
        LargeBluePaletteColorLookupTableData SegmentedRedPaletteColorLookupTableData
        SegmentedGreenPaletteColorLookupTableData SegmentedBluePaletteColorLookupTableData
        SegmentedAlphaPaletteColorLookupTableData BlendingLookupTableData FilterLookupTableData VectorGridData
        PointCoordinatesData VectorCoordinateData DoublePointCoordinatesData TrianglePointIndexList
        EdgePointIndexList VertexPointIndexList PrimitivePointIndexList LongPrimitivePointIndexList
        LongTrianglePointIndexList LongEdgePointIndexList LongVertexPointIndexList RecommendedDisplayCIELabValueList
        FloatingPointValues TrackPointIndexList AnnotationIndexList FillPattern VolumetricCurvePoints
        WeightingLookupTableData VolumetricCurveUpDirections SelectorOFValue SelectorODValue SelectorOLValue
        SelectorOVValue UValueData VValueData CompensatorProximalThicknessMap CompensatorDistalThicknessMap
        BlockEdgeData ChannelMinimumValue ChannelMaximumValue WaveformPaddingValue WaveformData
        FirstOrderPhaseCorrectionAngle SpectroscopyData
        FloatPixelData DoubleFloatPixelData PixelData GrayLookupTableData LUTData
        CoefficientsSDVN CoefficientsSDHN CoefficientsSDDN""",
    Role.ICC: "ICCProfile",
    Role.OFFSETS: "ExtendedOffsetTable ExtendedOffsetTableLengths",
    Role.CHARACTER_SET: "SpecificCharacterSet",
}  # fmt: skip
ROLES: dict[str, Role] = {keyword: role for role, text in _LISTS.items() for keyword in text.split()}

#: VRs whose attributes need a role above, and the strictest role, which is taken where it is missing.
REVIEWED_VRS: dict[str, Role] = {
    "DA": Role.DATE, "DT": Role.DATE, "TM": Role.DATE, "PN": Role.IDENTIFYING, "UI": Role.UID, "AE": Role.IDENTIFYING,
    "AS": Role.IDENTIFYING, "UR": Role.IDENTIFYING, "UC": Role.TEXT, "UT": Role.TEXT, "LT": Role.TEXT,
    "ST": Role.TEXT, "LO": Role.TEXT, "SH": Role.TEXT, "OB": Role.IDENTIFYING, "OW": Role.IDENTIFYING,
    "OD": Role.IDENTIFYING, "OF": Role.IDENTIFYING, "OL": Role.IDENTIFYING, "OV": Role.IDENTIFYING,
    "UN": Role.IDENTIFYING,
}  # fmt: skip
_OTHER_VRS: dict[str, Role] = {"SQ": Role.SEQUENCE, "CS": Role.TECHNICAL, "IS": Role.NUMBER, "DS": Role.NUMBER}


@lru_cache(maxsize=8192)
def role_of(tag: int) -> Role:
    """Return the role of an attribute of the dictionary; of one that is in no dictionary IDENTIFYING."""
    keyword, vr = dictionary.keyword(tag), dictionary.vr(tag)
    if not keyword:
        return Role.IDENTIFYING
    return ROLES.get(keyword) or REVIEWED_VRS.get(vr) or _OTHER_VRS.get(vr, Role.VALUE)
